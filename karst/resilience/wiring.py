"""The wiring of a plan, as karst.resilience.network looks at it."""

from __future__ import annotations

from collections import defaultdict

from karst.plan.network.cables import carrying
from karst.plan.network.fabric import Fabric
from karst.plan.network.model import CableKind
from karst.resilience.network import Uplink, Wiring
from karst.site.switches import SwitchRole


def wiring(made: Fabric) -> Wiring:
    """Return what a plan's cables and power make of the fabric; drained carriers carry nothing."""
    network, switches = made.plan.site.network, made.plan.switches
    to: dict[SwitchRole, dict[str, dict[str, int]]] = {
        role: {name: {} for name, each in switches.items() if each.role is role} for role in SwitchRole
    }
    hosts: dict[str, dict[str, int]] = defaultdict(dict)
    carriers: dict[str, Uplink] = {}
    links = []
    for cable in carrying(made):
        upper, lower = cable.a.device, cable.b.device
        if cable.kind is CableKind.CARRIER:
            if network.is_drained(lower):
                continue
            carriers[lower] = Uplink(upper, network.carriers[lower].entrance, cable.speed_gbps)
        else:
            there = hosts[lower] if cable.kind is CableKind.HOST else to[switches[lower].role][lower]
            there[upper] = there.get(upper, 0) + cable.speed_gbps
        links.append((cable.label, upper, lower, cable.speed_gbps))
    return Wiring(
        spines=frozenset(to[SwitchRole.SPINE]),
        leaves=to[SwitchRole.LEAF],
        borders=to[SwitchRole.BORDER],
        hosts=dict(hosts),
        carriers=carriers,
        fed_by={name: each.path for name, each in switches.items() if each.path and each.role is SwitchRole.LEAF},
        links=tuple(links),
    )
