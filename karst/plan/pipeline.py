"""The plan of a site, step by step. Pure: nothing is chosen, the same site gives the same plan. See docs/plan.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from karst.plan.domains import rows
from karst.plan.hash import plan_hash
from karst.plan.layout import changed_layout, pattern_layout
from karst.plan.model import Layout, Plan, PlanError, RackSeat, Row
from karst.plan.naming import natural, rack_name
from karst.site.model import Site
from karst.site.positions import positions
from karst.site.problems import Problems, nearest


def plan(site: Site) -> Plan:
    """Return the plan of a site. Raises PlanError with everything that keeps one from being made."""
    problems = Problems()
    planned_rows = rows(site, problems)
    patterns = {name: pattern_layout(site, name, problems) for name in sorted(site.racks.patterns)}
    seats = _seats(site, planned_rows, problems)
    changed = _changed(site, seats, problems)
    if problems.errors():
        raise PlanError(problems.all())
    return Plan(
        site=site,
        racks=MappingProxyType(seats),
        rows=planned_rows,
        patterns=MappingProxyType(patterns),
        changed=MappingProxyType(changed),
        hash=plan_hash(site),
    )


def _seats(site: Site, planned_rows: Mapping[str, Row], problems: Problems) -> dict[str, RackSeat]:
    """Return every rack's seat in order of halls, rows and positions."""
    seats = {}
    for row in sorted(planned_rows.values(), key=lambda row: (natural(row.hall), natural(row.name))):
        filled = site.racks.rows[row.name]
        for position in sorted(set(positions(filled.positions))):
            name = rack_name(row.name, position)
            allocation = site.allocations.racks.get(name)
            if allocation is None:
                line = site.line("racks.yml", "rows", row.name, "positions")
                what = f'rack "{name}" has no line in allocations.yml'
                problems.error("racks.yml", line, what, f"`karst allocate sites/{site.place.name}` to have been run")
                continue
            seats[name] = RackSeat(
                name=name,
                hall=row.hall,
                row=row.name,
                position=position,
                pattern=filled.pattern,
                ordinal=allocation.ordinal,
                out_of_band=allocation.out_of_band,
                loopbacks=allocation.loopbacks,
                as_number=allocation.as_number,
            )
    return seats


def _changed(site: Site, seats: Mapping[str, RackSeat], problems: Problems) -> dict[str, Layout]:
    """Return the layouts of racks that differ from their pattern."""
    found = {}
    for name, change in sorted(site.racks.racks.items()):
        seat = seats.get(name)
        if seat is not None:
            found[name] = changed_layout(site, name, site.racks.patterns[seat.pattern], change, problems)
        elif not problems.errors():  # else its row or its numbers may be what is wrong
            line = site.line("racks.yml", "racks", name)
            problems.error("racks.yml", line, f'there is no rack "{name}"', f"a rack of some row{nearest(name, seats)}")
    return found
