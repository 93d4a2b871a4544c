"""Power supplies: by PowerSubsystem, or the older Power."""

from __future__ import annotations

import asyncio
from typing import Any

from karst.redfish.resource import Resource
from karst.verify.observed import Supply
from karst.verify.reading.reader import Reader, number, state

_SECTION = "supplies"


async def supplies(reader: Reader, chassis: list[Resource]) -> dict[str, Supply] | None:
    """All power supplies of a server's chassis; None if none of them tells of any."""
    found: dict[str, Supply] = {}
    offered = False
    for each in chassis:
        some = await _newer(reader, each)
        if some is None:
            some = await _older(reader, each)
        if some is not None:
            offered = True
            found |= some
    return found if offered else None


async def _newer(reader: Reader, chassis: Resource) -> dict[str, Supply] | None:
    path = chassis.link("PowerSubsystem")
    subsystem = await reader.get(path, _SECTION) if path else None
    if subsystem is None:
        return None
    members = await reader.members(subsystem.link("PowerSupplies"), _SECTION)
    if members is None:
        return None
    made = await asyncio.gather(*(_supply(reader, name, each) for name, each in members.items()))
    return dict(zip(members, made, strict=True))


async def _supply(reader: Reader, name: str, resource: Resource) -> Supply:
    metrics: Resource | None = None
    if resource.body and resource.text("Status", "State") != "Absent":
        metrics = await reader.get(resource.link("Metrics"), f"{_SECTION}.{name}")
    return Supply(
        **state(resource),
        input_status=resource.text("LineInputStatus"),
        input_v=number(metrics.at("InputVoltage")) if metrics else None,
        input_w=number(metrics.at("InputPowerWatts")) if metrics else None,
        capacity_w=number(resource.at("PowerCapacityWatts")),
    )


async def _older(reader: Reader, chassis: Resource) -> dict[str, Supply] | None:
    path = chassis.link("Power")
    power = await reader.get(path, _SECTION) if path else None
    entries = power.at("PowerSupplies") if power else None
    if not isinstance(entries, list):
        if path:
            reader.gap(_SECTION, f"{path} lists no power supplies")
        return None
    found = [Resource(path or "", each) for each in entries if isinstance(each, dict)]
    return {_name(each, index): _older_supply(each) for index, each in enumerate(found)}


def _older_supply(each: Resource) -> Supply:
    watts: Any = each.at("PowerInputWatts")
    return Supply(
        **state(each),
        input_status=each.text("LineInputStatus"),
        input_v=number(each.at("LineInputVoltage")),
        input_w=number(watts),
        capacity_w=number(each.at("PowerCapacityWatts")),
    )


def _name(each: Resource, index: int) -> str:
    """Older supplies have a number and a name; the last word of the name is what is printed on the slot."""
    name = each.text("Name")
    return name.split()[-1] if name and name.split() else each.text("MemberId") or str(index)
