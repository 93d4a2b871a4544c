"""Checks of the fabric: ports, rack units, the reach of cables."""

from __future__ import annotations

from math import ceil

from karst.plan.checks.racks import used_layouts
from karst.plan.model import Layout, Plan, RackSeat
from karst.plan.network.cables import of_border, uplinks
from karst.plan.network.fabric import Fabric, block, fabric
from karst.plan.network.lengths import reach_m, stock_length, switch_to_unit
from karst.plan.network.model import CableKind, Switch
from karst.plan.network.out_of_band import asked
from karst.site.place import RequiredClass
from karst.site.problems import Problems
from karst.site.switches import LEAVES, SwitchRole

FILE = "network.yml"


def check_fabric(plan: Plan, problems: Problems) -> None:
    """Check everything that a cable needs."""
    made = fabric(plan)
    _spines(made, problems)
    _borders(made, problems)
    if plan.site.place.required_class is not RequiredClass.C:
        _paths(made, problems)
    for layout in used_layouts(plan):
        _interfaces(made, layout, problems)
    for seat in plan.racks.values():
        _rack(made, seat, problems)
    for switch in plan.switches.values():
        _units(plan, switch, problems)
    _reach(made, problems)


def _spines(made: Fabric, problems: Problems) -> None:
    """Pass: a leaf has its uplinks, and every spine a port for each of its leaves' and borders' uplinks."""
    site = made.plan.site
    declared = site.network.fabric
    leaves = [leaf for pair in made.leaves.values() for leaf in pair]
    uplinks = len(made.ports_of(leaves[0]).uplinks)
    if uplinks < declared.leaf.uplinks:
        line = site.line(FILE, "fabric", "leaf", "uplinks")
        what = f"a leaf, {declared.leaf.device_type}, has {uplinks} ports for {declared.leaf.uplinks} uplinks"
        problems.error(FILE, line, what, "fewer uplinks, or another device type")
    needed = (max(leaf.ordinal for leaf in leaves) + 1) * made.uplinks_per_spine
    needed += max(border.ordinal for border in made.borders) + 1
    ports = len(made.ports_of(made.spines[0]).downlinks)
    if needed > ports:
        line = site.line(FILE, "fabric", "spine")
        what = f"a spine, {declared.spine.device_type}, has {ports} ports; leaves and borders need {needed}"
        problems.error(FILE, line, what, "a larger device type, or more spines with fewer uplinks to each")


def _borders(made: Fabric, problems: Problems) -> None:
    """Pass: every border has a port for each spine and carrier."""
    for border in made.borders:
        ports, carriers = len(made.ports_of(border).downlinks), len(made.carriers[border.name])
        if ports < len(made.spines) + carriers:
            line = made.plan.site.line(FILE, "borders", border.name)
            what = f"{border.name} has {ports} ports for {len(made.spines)} spines and {carriers} carriers"
            problems.error(FILE, line, what, "a larger device type")


def _paths(made: Fabric, problems: Problems) -> None:
    """Pass: the two leaves of a pair hang on power paths of their own."""
    for owner, pair in made.leaves.items():
        if len({leaf.path for leaf in pair}) < len(pair):
            line = made.plan.site.line(FILE, "fabric", "leaf")
            what = f"both leaves of {owner} are fed by path {pair[0].path}"
            problems.error(FILE, line, what, "busways of two paths at the row")


def _interfaces(made: Fabric, layout: Layout, problems: Problems) -> None:
    """Pass: every server has an interface to either leaf."""
    for short, server in layout.servers.items():
        if len(made.host_interfaces[server.device_type]) < len(LEAVES):
            line = made.plan.site.line("racks.yml", *layout.where, "servers", short)
            what = f"{'.'.join(layout.where)}: {short}, {server.device_type}, has fewer interfaces than leaves"
            problems.error("racks.yml", line, what, "a device type with one to either leaf")


def _rack(made: Fabric, seat: RackSeat, problems: Problems) -> None:
    """Pass: every server has a port on either leaf, and whatever is managed one out of band."""
    layout = made.plan.layout(seat)
    places = len(made.ranks(seat))
    for leaf in made.leaves_of(seat):
        _enough(made, leaf, seat, places, "servers", problems)
    switch = made.out_of_band_of(seat)
    from_end = sum(index < 0 for index, *_ in asked(made, seat, layout))
    _enough(made, switch, seat, places + from_end, "BMCs, rack PDUs and switches", problems)


def _enough(made: Fabric, switch: Switch, seat: RackSeat, needed: int, what: str, problems: Problems) -> None:
    ports = len(block(made, switch, seat))
    if needed > ports:
        kind = "leaf" if switch.role is SwitchRole.LEAF else "out_of_band"
        line = made.plan.site.line(FILE, "fabric", kind)
        said = f"{switch.name} has {ports} ports for {seat.name}, which has {needed} {what}"
        problems.error(FILE, line, said, "a larger device type, or switches per rack")


def _units(plan: Plan, switch: Switch, problems: Problems) -> None:
    """Pass: a switch's rack units are in its rack, and no server's."""
    if switch.rack is None or switch.u is None:
        return
    seat = plan.racks[switch.rack]
    layout = plan.layout(seat)
    own = range(switch.u, switch.u + switch.height_u)
    taken = {
        short: range(server.u, server.u + server.height_u)
        for short, server in layout.servers.items()
        if server.u < own.stop and own.start < server.u + server.height_u
    }
    for short in taken:
        line = plan.site.line("racks.yml", *layout.where, "servers", short)
        what = f"{seat.name}-{short} is where {switch.name} stands, unit {switch.u} of {seat.name}"
        problems.error("racks.yml", line, what, "the top units free in a rack with switches")
    if switch.u < 1:
        line = plan.site.line("racks.yml", *layout.where)
        problems.error("racks.yml", line, f"{seat.name} has no unit for {switch.name}", "a higher rack")


def _reach(made: Fabric, problems: Problems) -> None:
    """Pass: no cable is longer than its kind may be, or than any in stock. Looked at is the longest to each rack."""
    plan = made.plan
    for pair in made.leaves.values():
        for leaf in pair:
            for cable in uplinks(made, leaf):
                _far(plan, cable.kind, cable.length_m, (leaf.name, "the spines"), problems)
    for border in made.borders:
        for cable in of_border(made, border):
            other = "the spines" if cable.kind is CableKind.FABRIC else "its carriers"
            _far(plan, cable.kind, cable.length_m, (border.name, other), problems)
    for seat in plan.racks.values():
        layout = plan.layout(seat)
        # Up to the top, or to the bottom, is furthest.
        units = sorted(server.u for server in layout.servers.values())
        units = [*units[:1], *units[-1:]]
        ways = [(leaf, CableKind.HOST, units) for leaf in made.leaves_of(seat)]
        ways.append((made.out_of_band_of(seat), CableKind.OUT_OF_BAND, [*units, layout.height_u]))
        for switch, kind, ends in ways:
            length_m = max((switch_to_unit(plan, switch, seat.name, u) for u in ends), default=0.0)
            _far(plan, kind, length_m, (seat.name, switch.name), problems)


def _far(plan: Plan, kind: CableKind, length_m: float, ends: tuple[str, str], problems: Problems) -> None:
    """Tell of a cable that is too long; the same two ends are told of once."""
    take, limit_m = stock_length(plan, length_m), reach_m(plan, kind)
    what = f"{ends[0]} is {ceil(length_m * 10) / 10:g} m of cable from {ends[1]}"
    if not take:
        line = plan.site.line(FILE, "cables", "stock_m")
        problems.error(FILE, line, f"{what}, longer than any in stock", "a longer one in stock")
    elif float(take.removesuffix(" m")) > limit_m:
        line = plan.site.line(FILE, "cables", "reach_m")
        expected = f"at most {limit_m:g} m, the reach of {kind.value}"
        problems.error(FILE, line, f"{what}, the next in stock {take}", expected)
