"""What has to be seen of the network: of each switch and host its links, its neighbours and its routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from karst.plan.model import Plan
from karst.plan.network.fabric import fabric
from karst.plan.network.model import Link, NeighbourRole, Node
from karst.plan.network.nodes import node
from karst.plan.network.routes import widths
from karst.plan.rack import device_status
from karst.site.base import Hold, Status
from karst.site.names import device_name
from karst.verify.expected import ExpectedDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedNode(ExpectedDevice):
    """A switch or a host. `links`: those whose other end has to be there; `interfaces`: of all planned links."""

    links: tuple[Link, ...]
    interfaces: frozenset[str]
    widths: tuple[tuple[str, int], ...]  # destination, and over how many links it goes


class ExpectedNetwork:
    """The network of some halls of a plan, or of all: switches, and hosts that Karst installed on active servers."""

    def __init__(self, plan: Plan, halls: frozenset[str] = frozenset()) -> None:
        """Look at the names alone."""
        self._fabric = fabric(plan)
        self.switches = tuple(switch.name for switch in self._fabric.switches_of(halls))
        self._holds = dict(_hosts(plan, halls))

    def node(self, name: str) -> ExpectedNode:
        """Return what is expected of a switch or host. Raises KeyError for another."""
        mine = self._nodes[name]
        # What is held is being worked on: that it is away is nobody else's fault.
        there = {each: node for each, node in self._nodes.items() if self._holds.get(each) is None}
        return ExpectedNode(
            name=name,
            status=Status.ACTIVE,
            hold=self._holds.get(name),
            firmware={},
            links=tuple(
                link for link in mine.links if link.neighbour in there or link.neighbour_role is NeighbourRole.CARRIER
            ),
            interfaces=frozenset(link.interface for link in mine.links),
            widths=tuple(widths(mine, there.values())),
        )

    def __contains__(self, name: object) -> bool:
        """Whether it is a switch that routes, or a host that has to be there."""
        return name in self._holds or name in self.switches

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {name: node(self._fabric, name) for name in (*self.switches, *self._holds)}


def _hosts(plan: Plan, halls: frozenset[str]) -> Iterator[tuple[str, Hold | None]]:
    for seat in plan.racks.values():
        if halls and seat.hall not in halls:
            continue
        for short, server in plan.layout(seat).servers.items():
            if server.image is not None and device_status(plan, seat, server) is Status.ACTIVE:
                yield device_name(seat.name, short), server.hold
