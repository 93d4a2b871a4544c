"""From a node to the text of its routing daemon, in the form in which FRR 8.4 writes its own running config.

So a device that was told the same again finds nothing to change. See docs/network.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Template

from karst.plan.naming import natural
from karst.plan.network.model import Link, NeighbourRole, Node
from karst.render.templates import environment

_GROUPS: Mapping[NeighbourRole, str] = MappingProxyType(
    {
        NeighbourRole.BORDER: "borders",
        NeighbourRole.CARRIER: "carriers",
        NeighbourRole.HOST: "hosts",
        NeighbourRole.LEAF: "leaves",
        NeighbourRole.SPINE: "spines",
    }
)
_LOOPBACK = "lo"
# What nobody may announce to us whatever a carrier believes (RFC 6890): addresses of no one, and of everyone.
BOGONS = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)


class Renderer:
    """The templates of one folder, compiled once. It may be shared by threads."""

    def __init__(self, templates: Path) -> None:
        """Compile `frr/*.j2` of `templates`. Raises jinja2.TemplateError if one is faulty or lacking."""
        found = environment(templates / "frr")
        roles = (NeighbourRole.HOST, NeighbourRole.LEAF, NeighbourRole.SPINE, NeighbourRole.BORDER)
        self._templates = {role: found.get_template(f"{role}.j2") for role in roles}

    def frr(self, node: Node) -> str:
        """Return the node's `frr.conf`; the same node gives the same text."""
        return self._templates[node.role].render(words(node))

    def template(self, role: NeighbourRole) -> Template:
        """Return the compiled template of a role, which is given what `words` returns."""
        return self._templates[role]


def words(node: Node) -> dict[str, Any]:
    """Return what a template is given of the node."""
    links = sorted(node.links, key=_by_interface)  # FRR's own order: `swp2` before `swp10`
    interfaces: list[tuple[str, Link | None]] = [(link.interface, link) for link in links]
    interfaces.append((_LOOPBACK, None))
    interfaces.sort(key=_by_name)
    peers = [(_GROUPS[link.neighbour_role], link) for link in links]
    peers.sort(key=_by_group)
    return {
        "node": node,
        "interfaces": interfaces,
        "peers": peers,
        "networks": _networks(node),
        "hosts": _hosts(links),
        "bogons": tuple(dict.fromkeys((*BOGONS, *node.own_prefixes))),
        "preferences": sorted({each.preference for each in node.carriers.values() if not each.drained}),
    }


def _networks(node: Node) -> list[IPv4Network]:
    own = node.own_prefixes if node.role is NeighbourRole.BORDER else ()
    return sorted({IPv4Network(node.loopback), *own})


def _hosts(links: list[Link]) -> dict[str, IPv4Address | None]:
    return {link.neighbour: link.neighbour_loopback for link in links if link.neighbour_role is NeighbourRole.HOST}


def _by_interface(link: Link) -> tuple[tuple[str, int], ...]:
    return natural(link.interface)


def _by_name(interface: tuple[str, Link | None]) -> tuple[tuple[str, int], ...]:
    return natural(interface[0])


def _by_group(peer: tuple[str, Link]) -> str:
    return peer[0]
