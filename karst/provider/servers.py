"""A server: look at it, and do what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from karst.provider.bounds import Bounds
from karst.provider.decide import ServerSteps, decide_server
from karst.provider.host import Tell
from karst.provider.install import install, installed
from karst.provider.model import ServerArgs
from karst.provider.seen import SeenServer, goal
from karst.provider.visit import Visit
from karst.redfish.errors import TaskError, UnobservedError
from karst.redfish.system import OFF, ON, RESTART, Bios, System

_POWER_PATIENCE_S = 120.0
_SHUTDOWN_PATIENCE_S = 300.0
# A large server takes minutes from power to the end of its firmware's self test, where settings come into effect.
_SETTINGS_PATIENCE_S = 600.0
_POLL_S = 0.5


async def observe(
    visit: Visit, server: ServerArgs, remembered: str | None, authority: str | None
) -> tuple[SeenServer, System, Bios | None]:
    """What the server is like now, beside what to write to. Raises RedfishError.

    `remembered` is the image that the state has of it, `authority` the SSH CA by which its host is believed.
    """
    system = visit.system
    bios = await system.bios() if server.settings else None
    image = await installed(server, system, remembered, authority)
    return _seen(visit, server, system, bios, image), system, bios


def _seen(
    visit: Visit, server: ServerArgs, system: System, bios: Bios | None, image: tuple[str | None, bool]
) -> SeenServer:
    power = goal(system.power)
    if power is None:
        raise UnobservedError(f"{system.resource.path} does not say whether it is on")
    if server.settings and bios is None:
        raise UnobservedError(
            f"{system.resource.path} has no BIOS settings, and {', '.join(server.settings)} is declared"
        )
    return SeenServer(
        generation=visit.generation,
        power=power,
        asset_tag=system.asset_tag,
        settings=_declared(server, bios.current if bios else {}),
        staged=_declared(server, bios.staged if bios else {}),
        image=image[0],
        installing=image[1],
    )


def _declared(server: ServerArgs, values: dict[str, str]) -> dict[str, str]:
    return {name: values[name] for name in server.settings if name in values}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a run may do to one server, and by whose word it believes a host."""

    reset: bool
    reinstall: bool
    ssh_ca: str | None


async def converge(
    visit: Visit,
    server: ServerArgs,
    remembered: str | None,
    allowed: Allowed,
    bounds: Bounds,
    outlets_on: Callable[[], Awaitable[None]],
    tell: Tell,
) -> SeenServer:
    """Make the server as declared, as far as it may be; what it is like afterwards. Raises RedfishError.

    `outlets_on` returns when the rack's PDUs have been seen to.
    """
    seen, system, bios = await observe(visit, server, remembered, allowed.ssh_ca)
    steps = decide_server(server, seen, allowed.reset, allowed.reinstall)
    image = (seen.image, False)
    # Read back at the end: what was not seen does not count.
    found: System | None = None
    again: Bios | None = None
    if steps.stage and bios is not None:
        await bios.stage(steps.stage)
    if steps.install:
        await install(server, system, allowed.ssh_ca, bounds, outlets_on, tell, seen.installing)
        image = (server.image, False)
        found = await system.read()
    # After the installation: a server that was just delivered is known to be empty by its lack of our tag.
    if steps.asset_tag is not None:
        await (found or system).set_asset_tag(steps.asset_tag)
        found = None
    match steps.power:
        case "on":
            found = await _power_on(system, server, bounds, outlets_on)
            again = await _applied(system, server, steps)
        case "off":
            await shut_down(system)
        case "reset":
            async with bounds.resetting(server.failure_domain or server.endpoint, server.endpoint):
                await system.reset(RESTART, (), lambda: _in_effect(system, server, steps))
                again = await _applied(system, server, steps)
        case None if system.power == "PoweringOn":
            await system.wait_power("On", _POWER_PATIENCE_S)
    if not steps.any:
        return seen
    found = found or await system.read()
    if again is None:
        again = await found.bios() if server.settings and (steps.stage or steps.power or steps.install) else bios
    return _seen(visit, server, found, again, image)


async def _power_on(
    system: System, server: ServerArgs, bounds: Bounds, outlets_on: Callable[[], Awaitable[None]]
) -> System:
    if system.power == "PoweringOff":
        await system.wait_power("Off", _SHUTDOWN_PATIENCE_S)
    await outlets_on()
    await bounds.inrush(server.branches)
    await system.reset(ON, ("On", "PoweringOn"))
    return await system.wait_power("On", _POWER_PATIENCE_S)


async def shut_down(system: System) -> None:
    """Power off gracefully, and wait for it. Raises RedfishError; TaskError if the operating system does not follow."""
    await system.reset(OFF, ("Off", "PoweringOff"))
    await system.wait_power("Off", _SHUTDOWN_PATIENCE_S)


async def _applied(system: System, server: ServerArgs, steps: ServerSteps) -> Bios | None:
    """Wait until the settings that waited for this start are in effect; returns them as read, None if none waited."""
    deadline = monotonic() + _SETTINGS_PATIENCE_S
    while True:
        waiting, bios = await _waiting(system, server, steps)
        if not waiting:
            return bios
        if monotonic() > deadline:
            shown = ", ".join(f"{name} is {value}, not {server.settings[name]}" for name, value in waiting.items())
            raise TaskError(f"after its start {shown}")
        await asyncio.sleep(_POLL_S)


async def _in_effect(system: System, server: ServerArgs, steps: ServerSteps) -> bool:
    waiting, _ = await _waiting(system, server, steps)
    return not waiting


async def _waiting(system: System, server: ServerArgs, steps: ServerSteps) -> tuple[dict[str, str | None], Bios | None]:
    """Of the settings that a start is to bring into effect, those that are not, with their values of now."""
    wanted = sorted({*steps.waiting, *steps.stage})
    if not wanted:
        return {}, None
    bios = await system.bios()
    current = bios.current if bios else {}
    return {name: current.get(name) for name in wanted if current.get(name) != server.settings[name]}, bios
