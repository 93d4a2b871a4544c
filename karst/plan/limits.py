"""What each node of the power plant may carry, and how near it comes to that with one thing lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from types import MappingProxyType

from karst.plan.graph import Fed, Source, power_nodes
from karst.plan.loads import Loss, losses, node_loads_w, row_demands
from karst.plan.model import Plan
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

# NEC (NFPA 70) 210.20(A) and 215.3: a breaker carries a continuous load of at most 80 % of its rating. GB 50054 and
# IEC 60364 reckon with temperature instead and come to much the same in a warm enclosure.
CONTINUOUS = 0.8

# IEC 60038 and GB/T 156: nominal low voltage, line to line. Standby sets declare none; those of a hall give this.
GENERATOR_V = 400.0

# Of sums of floats, so that a load of exactly the limit passes.
_ROUNDING = 1 + 1e-9

KINDS: Mapping[type[Source | Fed], str] = MappingProxyType(
    {
        UtilitySource: "utility_sources",
        Generator: "generators",
        Transformer: "transformers",
        Switchgear: "switchgear",
        TransferSwitch: "transfer_switches",
        Ups: "ups",
        Busway: "busways",
    }
)


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """A node's load with everything alive, and with whatever is lost that loads it most ("" for nothing)."""

    kind: str  # the section of power.yml
    load_w: float
    worst_w: float
    lost: str
    limit_w: float
    limit: str  # why, in words

    @property
    def over(self) -> bool:
        """Return whether the node carries more than it may."""
        return self.worst_w > self.limit_w * _ROUNDING


def node_loads(plan: Plan) -> Mapping[str, NodeLoad]:
    """Return the load of every node that is alive at least when nothing is lost, by name."""
    nodes, demands = power_nodes(plan.site.power), row_demands(plan)
    normal: Mapping[str, float] = {}
    worst: dict[str, tuple[float, Loss]] = {}
    for loss in losses(plan.site.power):
        loads = node_loads_w(plan, demands, loss)
        normal = normal or loads
        for name, load_w in loads.items():
            if name not in worst or load_w > worst[name][0] * _ROUNDING:
                worst[name] = load_w, loss
    found = {}
    for name, (worst_w, loss) in sorted(worst.items()):
        limit_w, limit = _limit(plan.site.power, name, nodes[name])
        found[name] = NodeLoad(KINDS[type(nodes[name])], normal.get(name, 0.0), worst_w, loss.name, limit_w, limit)
    return MappingProxyType(found)


def _limit(power: PowerFile, name: str, node: Source | Fed) -> tuple[float, str]:
    """Return how many watts a node may carry, and why."""
    if isinstance(node, UtilitySource):
        return node.capacity_kw * 1000, "its capacity"
    if isinstance(node, Generator | Ups):
        return node.rating_kw * 1000, "its rating"
    if isinstance(node, Transformer):
        return node.rating_kva * 1000, "its rating"
    voltage_v = node.voltage_v if isinstance(node, Busway) else _voltage_v(power_nodes(power), name)
    limit_w = CONTINUOUS * sqrt(3) * voltage_v * node.rating_a
    return limit_w, f"80 % of {node.rating_a:g} A at {voltage_v:g} V in three phases"


def _voltage_v(nodes: Mapping[str, Source | Fed], name: str) -> float:
    """Return the voltage, line to line, of a node that declares none: the lowest that any of its inputs gives."""
    node = nodes[name]
    if isinstance(node, UtilitySource):
        return node.voltage_v
    if isinstance(node, Generator):
        return GENERATOR_V
    if isinstance(node, Transformer):
        return node.secondary_voltage_v
    return min(_voltage_v(nodes, source) for source in node.fed_from)
