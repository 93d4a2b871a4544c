"""A whole server or rack PDU, as far as the checks to be made need it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from karst.redfish.client import Client
from karst.redfish.rack_pdu import RackPdu
from karst.redfish.resource import Resource
from karst.redfish.system import System
from karst.verify.observed import Breaker, ObservedPdu, ObservedServer, Outlet
from karst.verify.reading import parts
from karst.verify.reading.air import air
from karst.verify.reading.firmware import firmware
from karst.verify.reading.reader import Reader, number, state
from karst.verify.reading.supplies import supplies

_AIR = frozenset({"fans", "inlet_c", "exhaust_c", "leaks"})
_PARTS = {
    "processors": parts.processors,
    "memory": parts.memory,
    "drives": parts.drives,
    "interfaces": parts.interfaces,
}


async def server(bmc: Client, system: System, wanted: frozenset[str], components: Collection[str]) -> ObservedServer:
    """Read the sections of `wanted`, and the firmware of `components`. Raises RedfishError if it falls silent."""
    reader, resource = Reader(bmc), system.resource
    found: dict[str, Any] = {"power": system.power}
    if wanted & (_AIR | {"supplies"}):
        chassis = await _chassis(reader, resource)
        if "supplies" in wanted:
            found["supplies"] = await supplies(reader, chassis)
        if wanted & _AIR:
            seen = await air(reader, chassis, wanted)
            found |= {"fans": seen.fans, "leaks": seen.leaks}
            found |= {"inlet_c": seen.celsius.get("Intake"), "exhaust_c": seen.celsius.get("Exhaust")}
    for section, read in _PARTS.items():
        if section in wanted:
            found[section] = await read(reader, resource)
    if "firmware" in wanted and components:
        found["firmware"] = await firmware(reader, resource, components)
    return ObservedServer(**found, gaps=reader.gaps)


async def _chassis(reader: Reader, system: Resource) -> list[Resource]:
    """The chassis that a system names, else all that the BMC has."""
    found = []
    for path in system.links("Links", "Chassis"):
        each = await reader.get(path, "chassis")
        if each is not None:
            found.append(each)
    if not found:
        members = await reader.members(reader.bmc.root.link("Chassis"), "chassis")
        found = list((members or {}).values())
    if not found:
        for section in (*_AIR, "supplies"):
            reader.gap(section, reader.gaps.get("chassis", "the BMC has no chassis"))
    return found


async def pdu(bmc: Client, found: RackPdu, wanted: frozenset[str], components: Collection[str]) -> ObservedPdu:
    """Read the sections of `wanted`, and the firmware of `components`. Raises RedfishError if it falls silent."""
    reader, resource = Reader(bmc), found.resource
    made: dict[str, Any] = {}
    for section, key in (("mains", "Mains"), ("branches", "Branches")):
        if section in wanted:
            members = await reader.members(resource.link(key), section)
            made[section] = members and {name: _breaker(each) for name, each in members.items()}
    if "outlets" in wanted:
        members = await reader.members(resource.link("Outlets"), "outlets")
        made["outlets"] = members and {name: _outlet(each) for name, each in members.items()}
    if "firmware" in wanted and components:
        made["firmware"] = await firmware(reader, resource, components)
    return ObservedPdu(**made, gaps=reader.gaps)


def _breaker(each: Resource) -> Breaker:
    return Breaker(**state(each), breaker=each.text("BreakerState"))


def _outlet(each: Resource) -> Outlet:
    return Outlet(power=each.text("PowerState"), watts=number(each.at("PowerWatts")))
