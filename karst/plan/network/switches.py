"""Switches: where each stands, what feeds it, with what it fails, and which of its ports are for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType

from karst.plan.domains import server_domains
from karst.plan.model import PlanError, RackSeat, Row
from karst.plan.network.model import Switch
from karst.site.model import Site
from karst.site.problems import Problems
from karst.site.switches import DeclaredSwitch, SwitchRole, is_second_leaf, switches_of


@dataclass(frozen=True, slots=True)
class Ports:
    """A switch's interfaces by name, in the device type's order."""

    downlinks: tuple[str, ...]
    uplinks: tuple[str, ...]


def ports(site: Site, device_type: str) -> Ports:
    """Return the ports of a switch's device type."""
    spec = site.specs[device_type].switch
    if spec is None:
        raise ValueError(f"{device_type} is no switch")  # a loaded site has none such
    interfaces = site.device_types[device_type].interfaces
    return Ports(
        downlinks=tuple(each.name for each in interfaces if each.type == spec.downlink_type and not each.mgmt_only),
        uplinks=tuple(each.name for each in interfaces if each.type == spec.uplink_type and not each.mgmt_only),
    )


def switches(
    site: Site, rows: Mapping[str, Row], seats: Mapping[str, RackSeat], heights_u: Mapping[str, int]
) -> Mapping[str, Switch]:
    """Return every switch by name. `heights_u`: of each rack.

    Raises PlanError with every switch that has no numbers yet, or whose rack is gone.
    """
    found, problems = {}, Problems()
    all_declared = switches_of(site.network, site.racks)
    units = _units(site, all_declared, heights_u)
    for name, declared in all_declared.items():
        numbers = site.allocations.switches.get(name)
        if numbers is None:
            where = site.line("network.yml", "borders" if declared.role is SwitchRole.BORDER else "fabric")
            what = f'switch "{name}" has no line in allocations.yml'
            problems.error("network.yml", where, what, f"`karst allocate {site.place.name}` to have been run")
            continue
        seat = seats.get(numbers.rack) if numbers.rack else None
        if declared.of is not None and (seat is None or declared.of not in (seat.name, seat.row)):
            where = site.line("allocations.yml", "switches", name)
            there = f"rack {numbers.rack}, which {declared.of} has not" if numbers.rack else "no rack"
            what = f"switches.{name} stands in {there}"
            problems.error("allocations.yml", where, what, "`karst allocate --retire`, then `karst allocate`")
            continue
        path = _path(rows[seat.row], name) if seat else None
        height_u = ceil(site.device_types[declared.device_type].u_height)
        found[name] = Switch(
            name=name,
            role=declared.role,
            device_type=declared.device_type,
            as_number=site.network.fabric.spine.as_number if declared.role is SwitchRole.SPINE else numbers.as_number,
            loopback=numbers.loopback,
            out_of_band=numbers.out_of_band,
            ordinal=numbers.ordinal,
            of=declared.of,
            path=path,
            rack=numbers.rack,
            u=units.get(name),
            height_u=height_u,
            plant_room=declared.plant_room,
            failure_domains=_domains(site, rows, seat, declared, path),
        )
    if problems.errors():
        raise PlanError(problems.all())
    return MappingProxyType(found)


def _path(row: Row, name: str) -> str:
    """Return the path that feeds a switch of a row: a leaf's is its pair's first or second."""
    paths = sorted(row.busways)
    return paths[min(1, len(paths) - 1)] if is_second_leaf(name) else paths[0]


def _units(site: Site, declared: Mapping[str, DeclaredSwitch], heights_u: Mapping[str, int]) -> dict[str, int]:
    """Return the lowest unit of each switch in a rack: from the top down leaf a, leaf b, the out-of-band switch."""
    in_rack: dict[str, list[str]] = {}
    for name, numbers in site.allocations.switches.items():
        if name in declared and numbers.rack in heights_u:
            in_rack.setdefault(str(numbers.rack), []).append(name)
    found = {}
    for rack, names in in_rack.items():
        top_u = heights_u[rack]
        for name in sorted(names, key=lambda each: (declared[each].role is SwitchRole.OUT_OF_BAND, each)):
            top_u -= ceil(site.device_types[declared[name].device_type].u_height)
            found[name] = top_u + 1
    return found


def _domains(
    site: Site, rows: Mapping[str, Row], seat: RackSeat | None, declared: DeclaredSwitch, path: str | None
) -> tuple[str, ...]:
    if seat is not None:
        return server_domains(rows[seat.row], seat.name, [path] if path else [])
    room = site.spaces.plant_rooms[str(declared.plant_room)]
    return tuple(
        sorted(
            (
                f"plant_room:{declared.plant_room}",
                f"fire_compartment:{room.fire_compartment}",
                f"cavern:{room.cavern}",
            )
        )
    )
