"""Versions of firmware: of the controller and the BIOS where they are told, of all else from the inventory."""

from __future__ import annotations

from collections.abc import Collection

from karst.redfish.resource import Resource
from karst.verify.reading.reader import Reader

_SECTION = "firmware"


async def firmware(reader: Reader, device: Resource, wanted: Collection[str]) -> dict[str, str]:
    """Component -> version, of those of `wanted` that tell one."""
    found: dict[str, str | None] = {}
    if "bmc" in wanted:
        named = device.links("Links", "ManagedBy")
        manager = await reader.get(named[0] if named else None, f"{_SECTION}.bmc")
        found["bmc"] = manager.text("FirmwareVersion") if manager else device.text("FirmwareVersion")
    if "bios" in wanted:
        found["bios"] = device.text("BiosVersion")
    others = [each for each in wanted if each not in ("bmc", "bios")]
    if others:
        inventory = await _inventory(reader)
        found |= {each: inventory.get(each.lower()) for each in others}
    return {component: version for component, version in found.items() if version is not None}


async def _inventory(reader: Reader) -> dict[str, str | None]:
    """Version by id and by name, in lower case."""
    service = await reader.get(reader.bmc.root.link("UpdateService"), _SECTION)
    members = await reader.members(service.link("FirmwareInventory"), _SECTION) if service else None
    found: dict[str, str | None] = {}
    for name, each in (members or {}).items():
        found[(each.text("Name") or name).lower()] = each.text("Version")
        found[name.lower()] = each.text("Version")
    return found
