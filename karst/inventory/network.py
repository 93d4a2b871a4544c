"""A host's part of the network as plain data, and back: its links, and the flows that its firewall lets in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from karst.plan.model import Server
from karst.plan.network.fabric import Fabric
from karst.plan.network.flows import Firewall, HostFlow, flows_of
from karst.plan.network.model import Link, NeighbourRole, Node
from karst.plan.network.nodes import node
from karst.site.flows import Protocol


def links(made: Fabric, name: str) -> list[dict[str, Any]]:
    """Return a host's links to its leaves. Raises KeyError for a name that is no server of the plan."""
    return [
        {
            "interface": link.interface,
            "neighbour": link.neighbour,
            "neighbour_interface": link.neighbour_interface,
            "neighbour_as_number": link.neighbour_as_number,
            "speed_gbps": link.speed_gbps,
            "cable": link.cable,
        }
        for link in node(made, name).links
    ]


class Flows:
    """The flows of hosts, worked out once for all that are alike."""

    def __init__(self, made: Fabric) -> None:
        """Nothing is worked out yet."""
        self._fabric = made
        self._known: dict[tuple[str | None, str], list[dict[str, Any]]] = {}

    def of(self, server: Server) -> list[dict[str, Any]]:
        """Return the flows that a server lets in; they follow from its cluster and its role."""
        alike = (server.cluster, server.role.value)
        if alike not in self._known:
            self._known[alike] = [
                {
                    "name": flow.name,
                    "protocol": flow.protocol.value,
                    "ports": list(flow.ports),
                    "sources": [str(each) for each in flow.sources],
                }
                for flow in flows_of(self._fabric.plan, server.name)
            ]
        return self._known[alike]


def node_of(
    name: str, links: Iterable[Mapping[str, Any]], as_number: int, loopback: str, fabric_prefixes: Iterable[str]
) -> Node:
    """Return a host's node from its variables. Raises KeyError, ValueError for what no inventory says."""
    found = tuple(
        Link(
            interface=each["interface"],
            neighbour=each["neighbour"],
            neighbour_interface=each["neighbour_interface"],
            neighbour_role=NeighbourRole.LEAF,
            neighbour_as_number=int(each["neighbour_as_number"]),
            neighbour_loopback=None,  # of which a host is told nothing
            speed_gbps=int(each["speed_gbps"]),
            cable=each["cable"],
        )
        for each in links
    )
    return Node(
        name=name,
        role=NeighbourRole.HOST,
        as_number=int(as_number),
        loopback=IPv4Address(loopback),
        links=found,
        fabric_prefixes=tuple(map(IPv4Network, fabric_prefixes)),
        own_prefixes=(),
        carriers={},
        ecmp_width=len(found),
    )


def firewall_of(name: str, flows: Iterable[Mapping[str, Any]], interfaces: Sequence[str], bastion: str) -> Firewall:
    """Return a host's firewall from its variables. Raises KeyError, ValueError for what no inventory says."""
    return Firewall(
        name=name,
        interfaces=tuple(interfaces),
        bastion=IPv4Address(bastion),
        flows=tuple(
            HostFlow(
                each["name"],
                Protocol(each["protocol"]),
                tuple(map(int, each["ports"])),
                tuple(map(IPv4Network, each["sources"])),
            )
            for each in flows
        ),
    )
