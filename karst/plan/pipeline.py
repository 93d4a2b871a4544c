"""The plan of a site, step by step. Pure: nothing is chosen, the same site gives the same plan. See docs/plan.md."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from karst.plan.domains import rows
from karst.plan.hash import plan_hash
from karst.plan.layout import changed_layout, pattern_layout
from karst.plan.model import Plan, PlanError, RackSeat, Row
from karst.plan.naming import natural
from karst.plan.network.switches import switches
from karst.site.model import Site
from karst.site.names import rack_name
from karst.site.positions import positions
from karst.site.problems import Problems


def plan(site: Site) -> Plan:
    """Return the plan of a loaded site.

    Raises PlanError with every rack or switch that has no numbers yet; whatever else could keep a plan from being
    made, the loader has refused.
    """
    planned_rows = rows(site)
    seats = _seats(site, planned_rows)
    patterns = site.racks.patterns
    layouts = {name: pattern_layout(site, name) for name in sorted(patterns)}
    changed = {
        name: changed_layout(site, name, patterns[seats[name].pattern], change)
        for name, change in sorted(site.racks.racks.items())
    }
    heights_u = {name: (changed.get(name) or layouts[seat.pattern]).height_u for name, seat in seats.items()}
    return Plan(
        site=site,
        racks=MappingProxyType(seats),
        rows=planned_rows,
        patterns=MappingProxyType(layouts),
        changed=MappingProxyType(changed),
        switches=switches(site, planned_rows, seats, heights_u),
        hash=plan_hash(site),
    )


def _seats(site: Site, planned_rows: Mapping[str, Row]) -> dict[str, RackSeat]:
    """Return every rack's seat in order of halls, rows and positions."""
    seats = {}
    problems = Problems()
    for row in sorted(planned_rows.values(), key=lambda row: (natural(row.hall), natural(row.name))):
        filled = site.racks.rows[row.name]
        for position in sorted(set(positions(filled.positions))):
            name = rack_name(row.name, position)
            allocation = site.allocations.racks.get(name)
            if allocation is None:
                line = site.line("racks.yml", "rows", row.name, "positions")
                what = f'rack "{name}" has no line in allocations.yml'
                problems.error("racks.yml", line, what, f"`karst allocate {site.place.name}` to have been run")
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
    if problems.errors():
        raise PlanError(problems.all())
    return seats
