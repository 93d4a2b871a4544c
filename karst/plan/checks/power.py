"""Checks of the power plant: nothing overloaded, paths independent, sources independent."""

from __future__ import annotations

from itertools import combinations
from math import sqrt

from karst.plan.checks.racks import CONTINUOUS
from karst.plan.graph import Fed, Source, power_nodes
from karst.plan.loads import Loss, losses, node_loads_w, row_demands
from karst.plan.model import Plan
from karst.site.place import RequiredClass
from karst.site.power import (
    Busway,
    Generator,
    PowerFile,
    Switchgear,
    TransferSwitch,
    Transformer,
    Ups,
    UtilitySource,
)
from karst.site.problems import Problems

# IEC 60038 and GB/T 156: nominal low voltage, line to line. Standby sets declare none; those of a hall give this.
GENERATOR_V = 400.0

KINDS = {
    UtilitySource: "utility_sources",
    Generator: "generators",
    Transformer: "transformers",
    Switchgear: "switchgear",
    TransferSwitch: "transfer_switches",
    Ups: "ups",
    Busway: "busways",
}


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
    nodes, demands = power_nodes(plan.site.power), row_demands(plan)
    worst: dict[str, tuple[float, Loss]] = {}
    for loss in losses(plan.site.power):
        for name, load_w in node_loads_w(plan, demands, loss).items():
            if load_w > worst.get(name, (0.0, loss))[0] * (1 + 1e-9):
                worst[name] = load_w, loss
    for name, (load_w, loss) in sorted(worst.items()):
        limit_w, reason = _limit(plan.site.power, name, nodes[name])
        if load_w > limit_w * (1 + 1e-9):
            when = f" with {loss.name} lost" if loss.name else ""
            what = f"{KINDS[type(nodes[name])]}.{name} carries {load_w / 1000:.1f} kW{when}"
            expected = f"at most {limit_w / 1000:.1f} kW, {reason}"
            problems.error("power.yml", node_line(plan, name), what, expected)


def _limit(power: PowerFile, name: str, node: Source | Fed) -> tuple[float, str]:
    """Return how many watts a node may carry, and why."""
    if isinstance(node, UtilitySource):
        return node.capacity_kw * 1000, "its capacity"
    if isinstance(node, Generator | Ups):
        return node.rating_kw * 1000, "its rating"
    if isinstance(node, Transformer):
        return node.rating_kva * 1000, "its rating"
    voltage_v = node.voltage_v if isinstance(node, Busway) else _voltage_v(power, name)
    limit_w = CONTINUOUS * sqrt(3) * voltage_v * node.rating_a
    return limit_w, f"80 % of {node.rating_a:g} A at {voltage_v:g} V in three phases"


def _voltage_v(power: PowerFile, name: str) -> float:
    """Return the voltage, line to line, of a node that declares none: the lowest that any of its inputs gives."""
    nodes = power_nodes(power)
    node = nodes[name]
    if isinstance(node, UtilitySource):
        return node.voltage_v
    if isinstance(node, Generator):
        return GENERATOR_V
    if isinstance(node, Transformer):
        return node.secondary_voltage_v
    return min(_voltage_v(power, source) for source in node.fed_from)


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
                    f"{field.replace('_', ' ')} {getattr(sources[mine], field)}"
                    for field in ("upstream", "entrance")
                    if getattr(sources[mine], field) == getattr(sources[theirs], field)
                ]
                if same:
                    what = f"{mine} of path {path} and {theirs} of path {other_path} share {' and '.join(same)}"
                    expected = "paths whose sources have upstream stations and entrances of their own (class A)"
                    problems.error("power.yml", node_line(plan, theirs), what, expected)
