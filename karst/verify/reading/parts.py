"""Processors, memory, drives, network interfaces."""

from __future__ import annotations

import asyncio

from karst.redfish.resource import Resource
from karst.verify.observed import Drive, Interface, Module, Processor
from karst.verify.reading.reader import Reader, name_of, state, whole


async def processors(reader: Reader, system: Resource) -> dict[str, Processor] | None:
    """Central processors; accelerators among them are left out."""
    members = await reader.members(system.link("Processors"), "processors")
    if members is None:
        return None
    return {
        name: Processor(**state(each), model=each.text("Model"), cores=whole(each.at("TotalCores")))
        for name, each in members.items()
        if each.text("ProcessorType") in (None, "CPU")
    }


async def memory(reader: Reader, system: Resource) -> dict[str, Module] | None:
    """Memory modules, empty slots too where the BMC lists them."""
    members = await reader.members(system.link("Memory"), "memory")
    if members is None:
        return None
    return {
        name: Module(
            **state(each),
            capacity_mib=whole(each.at("CapacityMiB")),
            error_correction=each.text("ErrorCorrection"),
        )
        for name, each in members.items()
    }


async def drives(reader: Reader, system: Resource) -> dict[str, Drive] | None:
    """Drives of every storage unit."""
    units = await reader.members(system.link("Storage"), "drives")
    if units is None:
        return None
    paths = [path for unit in units.values() for path in unit.links("Drives")]
    made = await asyncio.gather(*(_drive(reader, path) for path in paths))
    return dict(made)


async def _drive(reader: Reader, path: str) -> tuple[str, Drive]:
    each = await reader.get(path, f"drives.{name_of(path)}")
    if each is None:
        return name_of(path), Drive()
    predicted = each.at("FailurePredicted")
    return each.text("Id") or name_of(path), Drive(
        **state(each),
        capacity_bytes=whole(each.at("CapacityBytes")),
        failure_predicted=predicted if isinstance(predicted, bool) else None,
    )


async def interfaces(reader: Reader, system: Resource) -> dict[str, Interface] | None:
    """Network interfaces as the system sees them."""
    members = await reader.members(system.link("EthernetInterfaces"), "interfaces")
    if members is None:
        return None
    return {
        name: Interface(**state(each), link=each.text("LinkStatus"), speed_mbps=whole(each.at("SpeedMbps")))
        for name, each in members.items()
    }
