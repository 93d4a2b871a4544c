"""A small fabric as the plan gives it: two rows of two leaves and a host, two spines, two borders, a carrier each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

from karst.plan.network.model import CarrierPolicy, Link, NeighbourRole, Node

HOSTS, SWITCHES = IPv4Network("198.51.100.0/25"), IPv4Network("198.51.100.128/25")
CARRIERS = {"border-1": ("telecom", 64601), "border-2": ("unicom", 64602)}
SPINES, BORDERS = ("spine-01", "spine-02"), tuple(CARRIERS)
LEAVES = {"h1-r1-01-s01": ("h1-r1-leaf-a", "h1-r1-leaf-b"), "h1-r2-01-s01": ("h1-r2-leaf-a", "h1-r2-leaf-b")}
ROLES = {
    **dict.fromkeys(LEAVES, NeighbourRole.HOST),
    **dict.fromkeys((leaf for pair in LEAVES.values() for leaf in pair), NeighbourRole.LEAF),
    **dict.fromkeys(SPINES, NeighbourRole.SPINE),
    **dict.fromkeys(BORDERS, NeighbourRole.BORDER),
}
AS_NUMBERS = {name: 4200000001 if name in SPINES else 4200000100 + index for index, name in enumerate(ROLES)}


def nodes(
    preferences: Mapping[str, int] = {}, drained: tuple[str, ...] = (), max_prefixes: int = 100
) -> Mapping[str, Node]:
    """Return every node; carriers have preference 100 unless another is given."""
    links: dict[str, list[Link]] = defaultdict(list)
    for spine in SPINES:
        for switch in (*(leaf for pair in LEAVES.values() for leaf in pair), *BORDERS):
            connect(links, spine, switch, 100)
    for host, pair in LEAVES.items():
        for leaf in pair:
            connect(links, leaf, host, 25)
    for border, (carrier, as_number) in CARRIERS.items():
        links[border].append(
            Link("swp32", carrier, border, NeighbourRole.CARRIER, as_number, None, 100, f"{border}:swp32--{carrier}")
        )
    policies = {
        border: {carrier: CarrierPolicy(as_number, preferences.get(carrier, 100), max_prefixes, carrier in drained)}
        for border, (carrier, as_number) in CARRIERS.items()
    }
    return {
        name: Node(
            name=name,
            role=role,
            as_number=AS_NUMBERS[name],
            loopback=loopback(name),
            links=tuple(links[name]),
            fabric_prefixes=(HOSTS, SWITCHES),
            own_prefixes=(HOSTS,),
            carriers=policies.get(name, {}),
            ecmp_width=2,
        )
        for name, role in ROLES.items()
    }


def connect(links: dict[str, list[Link]], a: str, b: str, speed_gbps: int) -> None:
    """Lay a cable between the next free interfaces of both."""
    ends = {end: f"{'eth' if ROLES[end] is NeighbourRole.HOST else 'swp'}{len(links[end]) + 1}" for end in (a, b)}
    for near, far in ((a, b), (b, a)):
        cable = f"{a}:{ends[a]}--{b}:{ends[b]}"
        links[near].append(
            Link(ends[near], far, ends[far], ROLES[far], AS_NUMBERS[far], loopback(far), speed_gbps, cable)
        )


def loopback(name: str) -> IPv4Address:
    prefix = HOSTS if ROLES[name] is NeighbourRole.HOST else SWITCHES
    return prefix[list(ROLES).index(name) + 1]
