"""Rack PDUs and their outlets."""

from __future__ import annotations

from dataclasses import dataclass

from karst.redfish.client import Client
from karst.redfish.errors import UnobservedError
from karst.redfish.resource import Resource


@dataclass(frozen=True, slots=True)
class RackPdu:
    """A rack PDU as its controller describes it."""

    bmc: Client
    resource: Resource

    @staticmethod
    async def all(bmc: Client) -> list[RackPdu]:
        """The rack PDUs of this controller; most have one. Raises RedfishError."""
        equipment = bmc.root.link("PowerEquipment")
        path = (await bmc.get(equipment)).link("RackPDUs") if equipment else None
        if path is None:
            raise UnobservedError(f"{bmc.endpoint} offers no rack PDUs")
        return [RackPdu(bmc, each) for each in await bmc.members(path)]

    @property
    def serial_number(self) -> str | None:
        """As the maker wrote it."""
        return self.resource.text("SerialNumber")

    @property
    def uuid(self) -> str | None:
        """As the controller spells it; compare without regard to case."""
        return self.resource.text("UUID")

    async def outlets(self) -> dict[str, Outlet]:
        """By id."""
        path = self.resource.link("Outlets")
        members = await self.bmc.members(path) if path else []
        return {each.text("Id") or each.path: Outlet(self.bmc, each) for each in members}


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet."""

    bmc: Client
    resource: Resource

    @property
    def power(self) -> str | None:
        """Redfish's PowerState."""
        return self.resource.text("PowerState")

    @property
    def branch(self) -> str | None:
        """The branch circuit that feeds it, as a path."""
        return self.resource.link("Links", "BranchCircuit")

    async def switch(self, state: str) -> None:
        """Turn it `On` or `Off`; the state asked for is a state, so asking again does no harm."""
        target = self.resource.action("#Outlet.PowerControl")
        if target is None:
            raise UnobservedError(f"{self.resource.path} cannot be switched")
        await self.bmc.post(target, {"PowerState": state})
