"""ComputerSystem and its Bios: who the server is, its power, its asset tag, its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from karst.redfish.client import Client
from karst.redfish.errors import MissingError, TaskError, UnobservedError
from karst.redfish.resource import Resource

# First choice first; a BMC offers some of them.
ON = ("On", "ForceOn", "PushPowerButton")
OFF = ("GracefulShutdown",)
FORCE_OFF = ("ForceOff",)
RESTART = ("GracefulRestart", "ForceRestart", "PowerCycle")

_POLL_S = 0.5
# From a reset that was asked for to the first sign of it.
_RESTART_SHOWS_S = 10.0


@dataclass(frozen=True, slots=True)
class System:
    """A server as its BMC describes it."""

    bmc: Client
    resource: Resource

    @staticmethod
    async def all(bmc: Client) -> list[System]:
        """The systems of this BMC; most have one. Raises RedfishError."""
        path = bmc.root.link("Systems")
        if path is None:
            raise UnobservedError(f"{bmc.endpoint} offers no Systems")
        return [System(bmc, each) for each in await bmc.members(path)]

    @property
    def serial_number(self) -> str | None:
        """As the maker wrote it."""
        return self.resource.text("SerialNumber")

    @property
    def uuid(self) -> str | None:
        """As the BMC spells it; compare without regard to case."""
        return self.resource.text("UUID")

    @property
    def asset_tag(self) -> str | None:
        """None where the BMC has no such property."""
        return self.resource.text("AssetTag")

    @property
    def power(self) -> str | None:
        """Redfish's PowerState: On, Off, PoweringOn, PoweringOff."""
        return self.resource.text("PowerState")

    async def read(self) -> System:
        """The same, read anew."""
        return System(self.bmc, await self.bmc.get(self.resource.path))

    async def set_asset_tag(self, tag: str) -> None:
        """Write the asset tag."""
        await self.bmc.patch(self.resource, {"AssetTag": tag})

    @property
    def boot_override(self) -> tuple[str | None, str | None]:
        """Whether the next start is overridden (Once, Continuous, Disabled), and by what."""
        enabled = self.resource.text("Boot", "BootSourceOverrideEnabled")
        return enabled, self.resource.text("Boot", "BootSourceOverrideTarget")

    async def boot_once(self, target: str) -> None:
        """Let the next start, and no later one, be from `target` ("Cd")."""
        await self.bmc.patch(
            self.resource, {"Boot": {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": target}}
        )

    async def reset(
        self, wanted: Iterable[str], reached: Iterable[str], ended: Callable[[], Awaitable[bool]] | None = None
    ) -> None:
        """Reset in the first way of `wanted` that the BMC offers.

        If the answer is lost, it is only repeated if the power state is then none of `reached`, nothing else shows that
        the reset has begun, and `ended` does not say that it is over already.
        """
        target = self.resource.action("#ComputerSystem.Reset")
        if target is None:
            raise UnobservedError(f"{self.resource.path} offers no reset")
        offered = await self._offered()
        kind = next((each for each in wanted if offered is None or each in offered), None)
        if kind is None:
            raise UnobservedError(f"{self.resource.path} offers none of the resets {', '.join(wanted)}")
        states = frozenset(reached)

        async def done() -> bool:
            now = await self.read()
            begun = now.power in states or _has_begun(self.resource, now.resource)
            return begun or (ended is not None and await ended())

        # Of a restart the power state shows nothing: it is given time to show otherwise.
        await self.bmc.post(target, {"ResetType": kind}, done, 0.0 if states else _RESTART_SHOWS_S)

    async def _offered(self) -> frozenset[str] | None:
        inline = self.resource.at("Actions", "#ComputerSystem.Reset", "ResetType@Redfish.AllowableValues")
        if isinstance(inline, list):
            return frozenset(inline)
        info = self.resource.text("Actions", "#ComputerSystem.Reset", "@Redfish.ActionInfo")
        if info is None:
            return None
        parameters = (await self.bmc.get(info)).at("Parameters")
        for each in parameters if isinstance(parameters, list) else []:
            if (
                isinstance(each, dict)
                and each.get("Name") == "ResetType"
                and isinstance(each.get("AllowableValues"), list)
            ):
                return frozenset(each["AllowableValues"])
        return None

    async def wait_power(self, state: str, patience_s: float) -> System:
        """Poll until the power state is `state`. Raises TaskError when it does not come in time."""
        deadline = monotonic() + patience_s
        system = await self.read()
        while system.power != state:
            if monotonic() > deadline:
                raise TaskError(f"power is {system.power} and did not become {state} within {patience_s:.0f} s")
            await asyncio.sleep(_POLL_S)
            system = await system.read()
        return system

    async def bios(self) -> Bios | None:
        """Its settings; None where the BMC has none."""
        path = self.resource.link("Bios")
        return None if path is None else await Bios.read(self.bmc, path)


@dataclass(frozen=True, slots=True)
class Bios:
    """BIOS settings in effect, and those that wait for a reset."""

    bmc: Client
    resource: Resource
    settings: Resource | None

    @staticmethod
    async def read(bmc: Client, path: str) -> Bios | None:
        """None where the BMC names a Bios but has none."""
        try:
            resource = await bmc.get(path)
        except MissingError:
            return None
        settings = resource.link("@Redfish.Settings", "SettingsObject")
        return Bios(bmc, resource, None if settings is None else await bmc.get(settings))

    @property
    def current(self) -> dict[str, str]:
        """In effect, by the maker's names; numbers and truths as text."""
        return _texts(self.resource)

    @property
    def staged(self) -> dict[str, str]:
        """What will be in effect after the next reset."""
        return {**self.current, **(_texts(self.settings) if self.settings else {})}

    async def stage(self, attributes: Mapping[str, str]) -> None:
        """Ask for settings; they come into effect with the next reset."""
        known = self.resource.at("Attributes") or {}
        body = {name: _like(known.get(name), value) for name, value in attributes.items()}
        await self.bmc.patch(self.settings or self.resource, {"Attributes": body})


def _has_begun(before: Resource, after: Resource) -> bool:
    """Whether a reset began between two readings; of a restart the power state says nothing."""
    return any(
        after.text(*keys) is not None and after.text(*keys) != before.text(*keys)
        for keys in (("LastResetTime",), ("BootProgress", "LastState"), ("PowerState",))
    )


def _texts(resource: Resource) -> dict[str, str]:
    attributes = resource.at("Attributes")
    return {name: _text(value) for name, value in attributes.items()} if isinstance(attributes, dict) else {}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _like(known: Any, value: str) -> Any:
    """`value` in the type that the BMC uses for this attribute."""
    if isinstance(known, bool):
        return value.lower() == "true"
    if isinstance(known, int):
        try:
            return int(value)
        except ValueError:
            return value  # the BMC says best what is wrong with it
    return value
