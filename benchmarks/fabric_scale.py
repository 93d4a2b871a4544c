"""Claim: a hundred switches in network namespaces, the real FRR in each, without BFD, come up whole within a minute.

Leaves in pairs, spines, borders with a carrier each, and a host at the first and at the last pair: every kernel has the
plan's routes and widths before the clock stops. BFD is left out as in software it alone would take both cores.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from karst.plan.network.model import CarrierPolicy, Link, NeighbourRole, Node
from karst.render.network import Renderer
from karst.twin.fabric.fabric import Fabric
from karst.twin.fabric.ground import Ground

CLONE = Path(__file__).resolve().parents[1]
SPINES, BORDERS = 4, 2
HOSTS, SWITCHES = IPv4Network("10.80.0.0/16"), IPv4Network("10.84.0.0/16")
PATIENCE_S = 300
GOAL_S = 60


def say(text: str) -> None:
    sys.stderr.write(f"fabric_scale: {text}\n")
    sys.stderr.flush()


def nodes(switches: int) -> dict[str, Node]:
    """Return so many switches, and two hosts."""
    leaves = [f"leaf-{number:03d}" for number in range(1, switches - SPINES - BORDERS + 1)]
    roles = {
        **dict.fromkeys(("host-1", "host-2"), NeighbourRole.HOST),
        **dict.fromkeys(leaves, NeighbourRole.LEAF),
        **dict.fromkeys((f"spine-{number}" for number in range(1, SPINES + 1)), NeighbourRole.SPINE),
        **dict.fromkeys((f"border-{number}" for number in range(1, BORDERS + 1)), NeighbourRole.BORDER),
    }
    numbers = {name: 4200000001 if role is NeighbourRole.SPINE else 4200000100 + index
               for index, (name, role) in enumerate(roles.items())}  # fmt: skip
    links: dict[str, list[Link]] = defaultdict(list)

    def loopback(name: str) -> IPv4Address:
        prefix = HOSTS if roles[name] is NeighbourRole.HOST else SWITCHES
        return prefix[list(roles).index(name) + 1]

    for a, b in _cables(roles, leaves):
        ends = {end: f"{'eth' if roles[end] is NeighbourRole.HOST else 'swp'}{len(links[end]) + 1}" for end in (a, b)}
        for near, far in ((a, b), (b, a)):
            cable = f"{a}:{ends[a]}--{b}:{ends[b]}"
            links[near].append(Link(ends[near], far, ends[far], roles[far], numbers[far], loopback(far), 100, cable))
    carriers = {f"border-{number}": f"carrier-{number}" for number in range(1, BORDERS + 1)}
    for index, (border, carrier) in enumerate(carriers.items()):
        link = Link(
            "swp99", carrier, border, NeighbourRole.CARRIER, 64500 + index, None, 100, f"{border}:swp99--{carrier}"
        )
        links[border].append(link)
    return {
        name: Node(
            name=name,
            role=role,
            as_number=numbers[name],
            loopback=loopback(name),
            links=tuple(links[name]),
            fabric_prefixes=(HOSTS, SWITCHES),
            own_prefixes=(HOSTS,),
            carriers={carriers[name]: CarrierPolicy(64500 + list(carriers).index(name), 100, 100, False)}
            if name in carriers
            else {},
            ecmp_width=2 if role in (NeighbourRole.HOST, NeighbourRole.SPINE) else SPINES,
        )
        for name, role in roles.items()
    }


def _cables(roles: dict[str, NeighbourRole], leaves: list[str]) -> Iterator[tuple[str, str]]:
    for spine in (name for name, role in roles.items() if role is NeighbourRole.SPINE):
        for name, role in roles.items():
            if role in (NeighbourRole.LEAF, NeighbourRole.BORDER):
                yield spine, name
    for host, pair in (("host-1", leaves[:2]), ("host-2", leaves[-2:])):
        for leaf in pair:
            yield leaf, host


def without_bfd(text: str) -> str:
    """Return a device's text without all that is BFD's."""
    return re.sub(
        r"^bfd\n.*?^exit\n!\n", "", re.sub(r"^ neighbor \S+ bfd.*\n", "", text, flags=re.M), flags=re.M | re.S
    )


def measure(switches: int) -> dict[str, Any]:
    planned = nodes(switches)
    renderer = Renderer(CLONE / "templates")
    texts = {name: without_bfd(renderer.frr(node)) for name, node in planned.items()}
    with Ground() as ground:
        fabric = Fabric(ground, planned, texts)
        began = time.perf_counter()
        fabric.build()
        built_s = time.perf_counter() - began
        say(f"{len(texts)} devices run after {built_s:.1f} s")
        fabric.wait_until_whole(PATIENCE_S)
        whole_s = time.perf_counter() - began
        say(f"whole after {whole_s:.1f} s")
    links = sum(len(node.links) for node in planned.values()) // 2
    return {
        "benchmark": "fabric_scale",
        "figures": {"switches": switches, "links": links, "whole_s": round(whole_s, 1)},
        "floor": {"wall_s": round(built_s, 1), "what": "to lay the cables, start every daemon and load its text"},
        "ratio": {"whole": round(whole_s / built_s, 2)},
        "goal": {"whole_s": GOAL_S},
        "met": whole_s <= GOAL_S,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--switches", type=int, default=100, help="leaves are what spines and borders leave of them")
    print(json.dumps(measure(parser.parse_args().switches)))


if __name__ == "__main__":
    main()
