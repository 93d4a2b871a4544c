"""Switches that route, as Prometheus is told of them: where each stands, what feeds it, and how many links it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from karst.plan.model import Plan, Server
from karst.plan.network.fabric import Fabric, fabric
from karst.plan.network.model import NeighbourRole, Switch
from karst.plan.network.nodes import node


@dataclass(frozen=True, slots=True)
class WatchedSwitch:
    """A switch. `links`: how many have to be up, those to servers that do not run or are worked on left out."""

    switch: Switch
    labels: Mapping[str, str]
    interfaces: tuple[str, ...]  # of all that carry traffic, cabled or not, by name
    links: int

    @property
    def place(self) -> str:
        """The hall or plant room that it stands in."""
        return self.labels["hall"] or self.labels["plant_room"]


def watched_switches(plan: Plan, servers: Iterable[Server]) -> Iterator[WatchedSwitch]:
    """Yield them by name. `servers`: those that run."""
    made = fabric(plan)
    there = {server.name for server in servers if not server.hold}
    for switch in sorted(made.switches_of(frozenset()), key=lambda each: each.name):
        links = node(made, switch.name).links
        management = made.management[switch.device_type]
        yield WatchedSwitch(
            switch,
            _labels(made, switch),
            tuple(name for name in made.interface_types[switch.device_type] if name != management),
            sum(link.neighbour_role is not NeighbourRole.HOST or link.neighbour in there for link in links),
        )


def _labels(made: Fabric, switch: Switch) -> Mapping[str, str]:
    """Where it stands, with a host's words for what both have. `feed` is the busway behind its path in its row."""
    plan = made.plan
    seat = plan.racks.get(switch.rack or "")
    row = plan.rows[seat.row] if seat else None
    return {
        "switch": switch.name,
        "rack": switch.rack or "",
        "row": seat.row if seat else "",
        "hall": seat.hall if seat else "",
        "plant_room": switch.plant_room or "",
        "path": switch.path or "",
        "feed": row.busways.get(switch.path or "", "") if row else "",
        "role": switch.role.value,
        "device_type": switch.device_type,
    }
