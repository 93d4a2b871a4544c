"""Checks within a rack: supplies on several paths, outlets, breakers, budget. Done once a layout, not once a rack."""

from __future__ import annotations

from collections import Counter, defaultdict

from karst.plan.limits import CONTINUOUS
from karst.plan.model import Layout, PduInLayout, Plan
from karst.site.hardware import RackPduSpec
from karst.site.place import RequiredClass
from karst.site.problems import Problems


def check_racks(plan: Plan, problems: Problems) -> None:
    """Check every layout that some rack has."""
    for layout in used_layouts(plan):
        _supplies(plan, layout, problems)
        _outlets(plan, layout, problems)
        _branches(plan, layout, problems)
        _feeds(plan, layout, problems)
        _budget(plan, layout, problems)


def used_layouts(plan: Plan) -> list[Layout]:
    """Return the layouts that some rack has, each once."""
    used = {seat.pattern for seat in plan.racks.values() if seat.name not in plan.changed}
    return [*(layout for name, layout in plan.patterns.items() if name in used), *plan.changed.values()]


def _error(plan: Plan, layout: Layout, path: tuple[str, ...], what: str, expected: str, problems: Problems) -> None:
    line = plan.site.line("racks.yml", *layout.where, *path)
    problems.error("racks.yml", line, f"{'.'.join(layout.where)}: {what}", expected)


def _supplies(plan: Plan, layout: Layout, problems: Problems) -> None:
    """Pass: with any one path lost, each server keeps as many power supplies as it needs. Fail: in class A and B."""
    if plan.site.place.required_class is RequiredClass.C:
        return
    for path in layout.paths:
        lost = [
            server.name
            for server in layout.servers.values()
            if sum(cord.path != path for cord in server.cords) < _psus_needed(plan, server.device_type)
        ]
        if lost:
            what = (
                f"with path {path} lost, {_list(lost)} {'keeps' if len(lost) == 1 else 'keep'} too few power supplies"
            )
            klass = plan.site.place.required_class.value
            _error(plan, layout, ("pdus",), what, f"enough of each on its other paths (class {klass})", problems)


def _psus_needed(plan: Plan, device_type: str) -> int:
    spec = plan.site.specs[device_type].server
    return spec.psus_needed if spec else 0


def _list(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def _outlets(plan: Plan, layout: Layout, problems: Problems) -> None:
    """Pass: every power port has a cord, and no two cords go to one outlet. Fail: two units that share an outlet."""
    taken: dict[tuple[str, str], str] = {}
    for server in layout.servers.values():
        ports = len(plan.site.device_types[server.device_type].power_ports)
        if len(server.cords) < ports:
            what = f"{server.name} has {ports} power ports and {len(server.cords)} cords"
            _error(plan, layout, ("servers", server.name), what, "rack PDUs with outlets", problems)
        for cord in server.cords:
            port = f"{cord.power_port} of {server.name}"
            first = taken.setdefault((cord.pdu, cord.outlet), port)
            if first != port:
                what = f"{first} and {port} share outlet {cord.outlet} of {cord.pdu}"
                expected = "servers at units with outlets of their own (docs/plan.md), or one more rack PDU on the path"
                _error(plan, layout, ("servers", server.name, "u"), what, expected, problems)


def _branches(plan: Plan, layout: Layout, problems: Problems) -> None:
    """Pass: a branch circuit carries at most 80 % of its breaker with the worst path lost."""
    for pdu in layout.pdus.values():
        for branch in pdu.branches:
            limit_w = CONTINUOUS * branch.rating_a * pdu.voltage_v
            if branch.load_one_path_w > limit_w:
                load = f"branch {branch.name} of {pdu.name} carries {branch.load_one_path_w:.0f} W with a path lost"
                expected = f"at most {limit_w:.0f} W, 80 % of {branch.rating_a:g} A at {pdu.voltage_v:g} V"
                _error(plan, layout, ("pdus", pdu.name), load, expected, problems)


def _feeds(plan: Plan, layout: Layout, problems: Problems) -> None:
    """Pass: each phase of a rack PDU's feed carries at most 80 % of its breaker with the worst path lost.

    Phases are told apart by `feed_leg` of the device type's outlets; without it the load counts as even.
    """
    for pdu in layout.pdus.values():
        spec = plan.site.specs[pdu.device_type].rack_pdu
        if spec is None:
            continue
        rating_a = min(pdu.feed_a, spec.input_a)
        limit_w = CONTINUOUS * rating_a * spec.voltage_v
        for phase, load_w in sorted(_phase_loads_w(plan, pdu, spec).items()):
            if load_w > limit_w:
                what = f"phase {phase} of {pdu.name} carries {load_w:.0f} W with a path lost"
                expected = f"at most {limit_w:.0f} W, 80 % of {rating_a:g} A at {spec.voltage_v:g} V"
                _error(plan, layout, ("pdus", pdu.name, "feed_a"), what, expected, problems)


def _phase_loads_w(plan: Plan, pdu: PduInLayout, spec: RackPduSpec) -> dict[str, float]:
    legs = {outlet.name: outlet.feed_leg for outlet in plan.site.device_types[pdu.device_type].power_outlets}
    found: dict[str, float] = defaultdict(float)
    for branch in pdu.branches:
        of_branch = {leg for outlet in branch.outlets if (leg := legs.get(outlet))}
        if len(of_branch) != 1:
            total_w = sum(branch.load_one_path_w for branch in pdu.branches)
            return {f"L{phase}": total_w / spec.phases for phase in range(1, spec.phases + 1)}
        found[of_branch.pop()] += branch.load_one_path_w
    return found


def _budget(plan: Plan, layout: Layout, problems: Problems) -> None:
    """Pass: the servers' budgets together stay within the rack's."""
    total_w = sum(server.budget_w for server in layout.servers.values())
    if total_w > layout.budget_w:
        kinds = Counter(server.device_type for server in layout.servers.values())
        what = f"{' + '.join(f'{many} {kind}' for kind, many in sorted(kinds.items()))} draw {total_w:.0f} W"
        _error(plan, layout, ("budget_w",), what, f"at most the rack's budget of {layout.budget_w:.0f} W", problems)
