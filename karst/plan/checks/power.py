"""Checks of the power plant: nothing overloaded, paths independent, sources independent."""

from __future__ import annotations

from itertools import combinations

from karst.plan.graph import power_nodes
from karst.plan.limits import KINDS, node_loads
from karst.plan.model import Plan
from karst.site.place import RequiredClass
from karst.site.power import Generator, PowerFile, TransferSwitch, UtilitySource
from karst.site.problems import Problems


def check_power(plan: Plan, problems: Problems) -> None:
    """Check loads of every node, and in class A the independence of sources and paths."""
    _loads(plan, problems)
    if plan.site.place.required_class is RequiredClass.A:
        _sources(plan, problems)
        _paths(plan, problems)


def node_line(plan: Plan, name: str) -> int:
    """Return the line of power.yml on which a node stands."""
    return plan.site.line("power.yml", KINDS[type(power_nodes(plan.site.power)[name])], name)


def _loads(plan: Plan, problems: Problems) -> None:
    """Pass: whatever single path or upstream station is lost, no live node carries more than it may.

    Busways, switchgear and transfer switches: 80 % of their breaker. Others: their rating. One problem a node, for
    the loss that is worst for it.
    """
    for name, load in node_loads(plan).items():
        if load.over:
            when = f" with {load.lost} lost" if load.lost else ""
            what = f"{load.kind}.{name} carries {load.worst_w / 1000:.1f} kW{when}"
            expected = f"at most {load.limit_w / 1000:.1f} kW, {load.limit}"
            problems.error("power.yml", node_line(plan, name), what, expected)


def _sources(plan: Plan, problems: Problems) -> None:
    """Pass: two utility sources differ in upstream station and in entrance (GB 50174-2017, class A: dual sources).

    A standby generator does not replace the second source here.
    """
    sources = plan.site.power.utility_sources.values()
    if not any(
        one.upstream != other.upstream and one.entrance != other.entrance for one, other in combinations(sources, 2)
    ):
        what = "no two utility sources differ in both upstream station and entrance"
        expected = "two independent sources, as class A requires"
        problems.error("power.yml", plan.site.line("power.yml", "utility_sources"), what, expected)


def preferred_chain(power: PowerFile, busway: str) -> frozenset[str]:
    """Return the busway and all it is fed from in normal running: of a transfer switch only the first input.

    Two paths may share what stands behind a transfer switch's later inputs, such as a reserve generator: it carries
    one path only when that path has already lost its own supply.
    """
    nodes = power_nodes(power)
    found: set[str] = set()
    ahead = [busway]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            node = nodes[name]
            if not isinstance(node, UtilitySource | Generator):
                ahead += node.fed_from[:1] if isinstance(node, TransferSwitch) else node.fed_from
    return frozenset(found)


def path_chains(plan: Plan) -> dict[str, frozenset[str]]:
    """Return for each path all nodes of the preferred chains of its busways along rows with racks."""
    tapped = {busway for row in plan.rows.values() for busway in row.busways.values()}
    found: dict[str, frozenset[str]] = {path: frozenset() for path in sorted(plan.site.power.paths)}
    for name in sorted(tapped):
        path = plan.site.power.busways[name].path
        found[path] |= preferred_chain(plan.site.power, name)
    return found


def _paths(plan: Plan, problems: Problems) -> None:
    """Pass: in normal running no two paths share a node, nor draw on one upstream station or entrance."""
    sources = plan.site.power.utility_sources
    for (path, chain), (other_path, other) in combinations(path_chains(plan).items(), 2):
        shared = chain & other
        for name in sorted(shared):
            what = f"{name} feeds path {path} and path {other_path}"
            expected = "paths that share nothing but what stands behind later inputs of transfer switches (class A)"
            problems.error("power.yml", node_line(plan, name), what, expected)
        for mine in sorted(chain & sources.keys() - shared):
            for theirs in sorted(other & sources.keys() - shared):
                same = [
                    f"{noun} {getattr(sources[mine], field)}"
                    for field, noun in (("upstream", "upstream station"), ("entrance", "entrance"))
                    if getattr(sources[mine], field) == getattr(sources[theirs], field)
                ]
                if same:
                    what = f"{mine} of path {path} and {theirs} of path {other_path} share {' and '.join(same)}"
                    expected = "paths whose sources have upstream stations and entrances of their own (class A)"
                    problems.error("power.yml", node_line(plan, theirs), what, expected)
