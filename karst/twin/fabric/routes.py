"""Routes as the kernels of a fabric have them, against the widths that the plan gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from karst.plan.network.model import NeighbourRole, Node

# Of a node: destination, `default` or an address or a prefix → interfaces over which it goes.
Table = Mapping[str, frozenset[str]]
DEFAULT = "default"


def table(listed: str) -> Table:
    """Return what `ip -j route` listed, without next hops whose carrier is lost and without what leads nowhere."""
    return {route["dst"]: frozenset(_interfaces(route)) for route in json.loads(listed) if route.get("type") is None}


def _interfaces(route: Mapping[str, Any]) -> Iterator[str]:
    for hop in route.get("nexthops", [route]):
        if not {"dead", "linkdown"} & set(hop.get("flags", ())):
            yield hop["dev"]


def narrow(nodes: Mapping[str, Node], tables: Mapping[str, Table]) -> tuple[str, ...]:
    """Return a sentence for each route that a kernel lacks, or has over fewer or more links than the plan gives."""
    hosts = {name: str(node.loopback) for name, node in nodes.items() if node.role is NeighbourRole.HOST}
    return tuple(
        f"{name}: {destination} goes over {found} links, the plan gives {wanted}"
        for name, node in nodes.items()
        for destination, wanted in _widths(node, hosts)
        if (found := len(tables[name].get(destination, ()))) != wanted
    )


def _widths(node: Node, hosts: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    if node.role in (NeighbourRole.HOST, NeighbourRole.LEAF):
        yield DEFAULT, node.ecmp_width
    if node.role is NeighbourRole.LEAF:
        mine = {link.neighbour for link in node.links}
        yield from ((address, 1 if name in mine else node.ecmp_width) for name, address in hosts.items())
    elif node.role is not NeighbourRole.HOST:
        yield from ((address, node.ecmp_width) for address in hosts.values())
