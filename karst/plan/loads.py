"""What each power node carries, with everything alive and with a path or an upstream station lost.

Reckoned from the servers' budgets (watts, power factor 1, as supplies of servers correct theirs) whatever their status:
a plan must carry all that it declares. Plant's own draw and losses are not declared yet, and so not reckoned.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx

from karst.plan.graph import Fed, Source, power_graph, power_nodes
from karst.plan.model import Layout, Plan
from karst.site.base import Status
from karst.site.power import Generator, PowerFile, TransferSwitch, UtilitySource

# Watts by the paths that servers' cords go to: {("A", "B"): 4800.0}. What is lost of a path moves to the others.
Demand = Mapping[tuple[str, ...], float]

_OUT_OF_SERVICE = frozenset({Status.OFFLINE, Status.FAILED, Status.DECOMMISSIONING})


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that is lost: what people call it, and the nodes that go with it. Nothing lost: no name, no nodes."""

    name: str
    nodes: frozenset[str]


def layout_demand(layout: Layout) -> Demand:
    """Return what a rack of this layout draws."""
    demand: dict[tuple[str, ...], float] = defaultdict(float)
    for server in layout.servers.values():
        demand[tuple(cord.path for cord in server.cords)] += server.budget_w
    return demand


def row_demands(plan: Plan) -> Mapping[str, Demand]:
    """Return what each row draws: racks of a pattern are reckoned once and multiplied."""
    alike = Counter((seat.row, seat.pattern) for seat in plan.racks.values() if seat.name not in plan.changed)
    of_patterns = {name: layout_demand(layout) for name, layout in plan.patterns.items()}
    found: dict[str, dict[tuple[str, ...], float]] = {row: defaultdict(float) for row in plan.rows}
    for (row, pattern), racks in alike.items():
        _add(found[row], of_patterns[pattern], racks)
    for name, layout in plan.changed.items():
        _add(found[plan.racks[name].row], layout_demand(layout), 1)
    return found


def _add(total: dict[tuple[str, ...], float], demand: Demand, times: int) -> None:
    for paths, watts in demand.items():
        total[paths] += watts * times


def losses(power: PowerFile) -> tuple[Loss, ...]:
    """Return what is tried: nothing, each path, each upstream station, and, with generators, all of the grid."""
    of_paths = [
        Loss(
            f"path {path}",
            frozenset(name for name, node in power_nodes(power).items() if getattr(node, "path", None) == path),
        )
        for path in sorted(power.paths)
    ]
    stations = sorted({source.upstream for source in power.utility_sources.values()})
    of_stations = [
        Loss(
            f"upstream station {station}",
            frozenset(name for name, source in power.utility_sources.items() if source.upstream == station),
        )
        for station in stations
    ]
    grid = [Loss("the whole grid", frozenset(power.utility_sources))] if len(stations) > 1 else []
    return (Loss("", frozenset()), *of_paths, *of_stations, *grid)


def live_nodes(power: PowerFile, loss: Loss) -> frozenset[str]:
    """Return the nodes that still have power: not lost, in service, and fed from a live node or a source themselves."""
    nodes = power_nodes(power)
    live: set[str] = set()
    for name in nx.topological_sort(power_graph(power)):
        node = nodes[name]
        if name in loss.nodes or node.status in _OUT_OF_SERVICE:
            continue
        if isinstance(node, UtilitySource | Generator) or any(source in live for source in node.fed_from):
            live.add(name)
    return frozenset(live)


def node_loads_w(plan: Plan, demands: Mapping[str, Demand], loss: Loss) -> Mapping[str, float]:
    """Return what each live node carries, in watts."""
    power = plan.site.power
    nodes, live = power_nodes(power), live_nodes(power, loss)
    loads = dict.fromkeys(live, 0.0)
    for row, demand in demands.items():
        for path, watts in path_loads_w(demand, _live_paths(plan, row, live)).items():
            loads[plan.rows[row].busways[path]] += watts
    for name in reversed(list(nx.topological_sort(power_graph(power)))):
        node = nodes[name]
        if name in live and not isinstance(node, UtilitySource | Generator):
            inputs = live_inputs(node, nodes, live)
            for source in inputs:
                loads[source] += loads[name] / len(inputs)
    return loads


def path_loads_w(demand: Demand, live_paths: frozenset[str]) -> Mapping[str, float]:
    """Return what each live path carries: supplies that live share a server's budget evenly."""
    found: dict[str, float] = defaultdict(float)
    for paths, watts in demand.items():
        alive = [path for path in paths if path in live_paths]
        for path in alive:
            found[path] += watts / len(alive)
    return found


def live_inputs(node: Fed, nodes: Mapping[str, Source | Fed], live: Iterable[str]) -> tuple[str, ...]:
    """Return what a node draws on: a transfer switch on its first live input, any other node on all evenly.

    A generator stands by: it is drawn on only if no other input lives.
    """
    inputs = [name for name in node.fed_from if name in live]
    if isinstance(node, TransferSwitch):
        return tuple(inputs[:1])
    running = [name for name in inputs if not isinstance(nodes[name], Generator)]
    return tuple(running or inputs)


def _live_paths(plan: Plan, row: str, live: frozenset[str]) -> frozenset[str]:
    return frozenset(path for path, busway in plan.rows[row].busways.items() if busway in live)
