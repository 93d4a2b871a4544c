"""Over how many links a device shall reach each other, and what its kernel says of that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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
    return tuple(
        f"{name}: {destination} goes over {found} links, the plan gives {wanted}"
        for name, node in nodes.items()
        for destination, wanted in widths(node, nodes.values())
        if (found := len(tables[name].get(destination, ()))) != wanted
    )


def widths(node: Node, nodes: Iterable[Node]) -> Iterator[tuple[str, int]]:
    """Yield where a node's routes lead, to all `nodes` that are there, and over how many links each goes."""
    if node.role in (NeighbourRole.HOST, NeighbourRole.LEAF):
        yield DEFAULT, node.ecmp_width
    if node.role is NeighbourRole.HOST:
        return
    direct = Counter(link.neighbour for link in node.links)
    for other in nodes:
        # All spines have one AS number, so that none takes what another tells of itself.
        if other.name != node.name and not other.role is node.role is NeighbourRole.SPINE:
            yield str(other.loopback), direct[other.name] or _far(node, other)


def _far(node: Node, other: Node) -> int:
    """Return over how many links a node reaches another that it has no link to."""
    if node.role is NeighbourRole.LEAF:
        return node.ecmp_width
    return node.ecmp_width if other.role is NeighbourRole.HOST else len(_to_spines(node))


def _to_spines(node: Node) -> list[str]:
    return [link.interface for link in node.links if link.neighbour_role is NeighbourRole.SPINE]
