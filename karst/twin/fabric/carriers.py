"""Carriers of a fabric alone: what they announce, and the text of the FRR that stands for their routers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from karst.plan.network.model import Link, NeighbourRole, Node

# Of everyone on the internet: the same at every carrier, as there is one internet (TEST-NET-3, RFC 5737).
INTERNET = IPv4Address("203.0.113.1")
# Announced beside the default, as carriers do by mistake; no border may take them.
_MISTAKES = ("10.0.0.0/8", "192.88.99.0/24", "198.18.0.0/15")


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier and its links: its interface → the border's AS number."""

    name: str
    as_number: int
    borders: Mapping[str, int]


def carriers(nodes: Mapping[str, Node]) -> Iterator[Carrier]:
    """Yield the carriers that the borders name."""
    found: dict[str, dict[str, int]] = {}
    numbers: dict[str, int] = {}
    for node in nodes.values():
        for link in carrier_links(node):
            numbers[link.neighbour] = link.neighbour_as_number
            found.setdefault(link.neighbour, {})[link.neighbour_interface] = node.as_number
    for name, borders in found.items():
        yield Carrier(name, numbers[name], borders)


def carrier_links(node: Node) -> Iterator[Link]:
    """Yield a border's links to carriers."""
    return (link for link in node.links if link.neighbour_role is NeighbourRole.CARRIER)


def text(carrier: Carrier, *, withdrawn: bool = False) -> str:
    """Return what a carrier's router is loaded with; with `withdrawn` it announces no default.

    It takes whatever it is told, so that a leak can be seen.
    """
    lines = [
        "frr defaults datacenter",
        "no zebra nexthop kernel enable",
        "interface lo",
        f" ip address {INTERNET}/32",
        "exit",
        f"router bgp {carrier.as_number}",
        f" bgp router-id 192.0.2.{carrier.as_number % 250 + 1}",
        " no bgp ebgp-requires-policy",
        " no bgp network import-check",
    ]
    for interface, as_number in carrier.borders.items():
        lines += [
            f" neighbor {interface} interface remote-as {as_number}",
            f" neighbor {interface} bfd",
            f" neighbor {interface} timers connect 2",
            f" neighbor {interface} capability extended-nexthop",
        ]
    lines.append(" address-family ipv4 unicast")
    lines += [f"  network {mistake}" for mistake in _MISTAKES]
    if not withdrawn:
        lines += [f"  neighbor {interface} default-originate" for interface in carrier.borders]
    return "".join(f"{line}\n" for line in [*lines, " exit-address-family", "exit"])


def withdrawal(carrier: Carrier, *, back: bool = False) -> tuple[str, ...]:
    """Return the commands with which a carrier takes its default back, or announces it again."""
    say = "" if back else "no "
    defaults = [f"{say}neighbor {interface} default-originate" for interface in carrier.borders]
    return ("configure terminal", f"router bgp {carrier.as_number}", "address-family ipv4 unicast", *defaults)
