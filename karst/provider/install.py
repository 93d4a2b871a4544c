"""Installation by way of the BMC: an installer in the virtual drive, one start from it, the wait for the host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from karst.provider.bounds import Bounds
from karst.provider.host import Tell, await_host, image_of
from karst.provider.model import ServerArgs
from karst.provider.seen import goal
from karst.redfish.errors import UnobservedError
from karst.redfish.media import Drive
from karst.redfish.system import OFF, ON, System
from karst.site.base import Status

_POWER_PATIENCE_S = 120.0
_SHUTDOWN_PATIENCE_S = 300.0


async def installed(
    server: ServerArgs, system: System, remembered: str | None, authority: str | None
) -> tuple[str | None, bool]:
    """The image on the server's disk ("" for none, None where nothing tells), and whether an installation is under way.

    What the state remembers counts; where it remembers none, the host itself is asked. A server is known to be empty
    while it is `staged`, whose disk nobody may count on, and at first contact, off and without our asset tag. One that
    was taken over before and of which nothing is remembered may hold anything. Raises RedfishError.
    """
    if server.image is None:
        return None, False
    if remembered:
        return remembered, False
    is_on = goal(system.power) == "On"
    try:
        said = await image_of(server, authority) if is_on else None
    except UnobservedError:
        return None, False  # somebody's host, but nobody's word
    if said is not None:
        # The installer in the drive of a host that has it: the run that put it there was cut short.
        return said, said == server.image and (await Drive.of(system)).image == said
    fresh = server.asset_tag is not None and system.asset_tag != server.asset_tag
    if not is_on:
        return ("" if remembered == "" or fresh or server.status is Status.STAGED else None), False
    # It runs and no host answers: an installation that was cut short is taken up, all else is somebody's.
    if (remembered == "" or fresh) and (await Drive.of(system)).image == server.image:
        return "", True
    return remembered, False


async def install(
    server: ServerArgs,
    system: System,
    authority: str | None,
    bounds: Bounds,
    outlets_on: Callable[[], Awaitable[None]],
    tell: Tell,
    under_way: bool,
) -> None:
    """Install the declared image, or wait for the installation that is under way. Raises RedfishError."""
    drive = await Drive.of(system)
    if not under_way:
        if system.power in ("On", "PoweringOn"):  # with consent: a host that stands is shut down first
            await system.reset(OFF, ("Off", "PoweringOff"))
        system = await system.wait_power("Off", _SHUTDOWN_PATIENCE_S)
        assert server.image is not None  # noqa: S101  # decided
        await drive.hold(server.image)
        await system.boot_once("Cd")
        await outlets_on()
        await bounds.inrush(server.branches)
        await system.reset(ON, ("On", "PoweringOn"))
        await system.wait_power("On", _POWER_PATIENCE_S)
    await await_host(server, authority, tell)
    await (await drive.read()).empty()
