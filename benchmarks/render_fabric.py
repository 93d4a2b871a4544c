"""Claims of rendering devices' routing, leaves of 52 ports each:

- its cost is linear: of so many devices, of twice and of four times so many, each takes at most 1.2 times as long;
- it takes at most 3 times what the same compiled template takes, were all that it is given made beforehand;
- a device takes at most a hundredth of what pyavd takes for one of its own l3ls-evpn fabrics (20, 68, 132 devices).

pyavd, installed for this run alone, does more for a device: its devices are EVPN's, it validates and allocates. Karst
does that before, in the plan. Lines of either are printed too.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from pathlib import Path
from typing import Any

from peers.environment import install

from karst.plan.network.model import Link, NeighbourRole, Node
from karst.render.network import Renderer, words

CLONE = Path(__file__).resolve().parents[1]
PYAVD = "pyavd==6.4.0"
HOSTS, SPINES = 48, 4
BATCH = 250
GOALS = {"growth": 1.2, "template": 3.0, "pyavd": 100.0}


def say(text: str) -> None:
    sys.stderr.write(f"render_fabric: {text}\n")
    sys.stderr.flush()


def leaf(number: int) -> Node:
    """A leaf with all its ports in use."""
    name, prefix = f"r{number:05d}-leaf-a", IPv4Network("10.0.0.0/8")
    first = int(prefix.network_address) + 64 * number
    hosts = [
        link(
            name,
            f"swp{port}",
            f"r{number:05d}-{port // 8 + 1:02d}-s{port % 8:02d}",
            "eth0",
            NeighbourRole.HOST,
            first + port,
        )
        for port in range(1, HOSTS + 1)
    ]
    far = f"swp{number % 500 + 1}"
    spines = [
        link(name, f"swp{HOSTS + spine}", f"spine-{spine:02d}", far, NeighbourRole.SPINE, 0xAC100000 + spine)
        for spine in range(1, SPINES + 1)
    ]
    return Node(
        name=name,
        role=NeighbourRole.LEAF,
        as_number=4200000000 + number,
        loopback=IPv4Address(0xAC110000 + number),
        links=(*hosts, *spines),
        fabric_prefixes=(prefix, IPv4Network("172.16.0.0/12")),
        own_prefixes=(IPv4Network("192.0.2.0/24"),),
        carriers={},
        ecmp_width=SPINES,
    )


def link(name: str, interface: str, neighbour: str, far: str, role: NeighbourRole, loopback: int) -> Link:
    cable = f"{name}:{interface}--{neighbour}:{far}"
    return Link(interface, neighbour, far, role, 4200000001, IPv4Address(loopback), 25, cable)


def plain(node: Node) -> dict[str, Any]:
    """What the template is given, in dictionaries and lists alone."""
    given = words(node)
    return {
        **given,
        "node": dataclasses.asdict(node),
        "interfaces": [(name, link and dataclasses.asdict(link)) for name, link in given["interfaces"]],
        "peers": [(group, dataclasses.asdict(link)) for group, link in given["peers"]],
    }


def rendered(devices: int, render: Callable[[Any], str], given: Callable[[Node], Any]) -> tuple[float, int]:
    """Render so many devices; return seconds and lines. Nodes come in batches, and are not counted."""
    seconds, lines, nodes = 0.0, 0, map(leaf, range(devices))
    while batch := [given(node) for node in islice(nodes, BATCH)]:
        began = time.perf_counter()
        texts = [render(each) for each in batch]
        seconds += time.perf_counter() - began
        lines += sum(text.count("\n") for text in texts)
    return seconds, lines


def avd(folder: Path, leaves: Iterable[int]) -> list[dict[str, Any]]:
    """What pyavd took, a fabric a process."""
    python = install(folder, PYAVD, "--compile-bytecode") / "python"
    found = []
    for number in leaves:
        command = [python, CLONE / "benchmarks" / "rendering" / "avd.py", str(number)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            raise SystemExit(f"pyavd failed:\n{made.stderr[-4000:]}")
        found.append(json.loads(made.stdout))
        say(f"pyavd, {found[-1]['devices']} devices: {found[-1]['wall_s']:.1f} s")
    return found


def measure(devices: int, leaves: list[int], times: int) -> dict[str, Any]:
    renderer = Renderer(CLONE / "templates")
    bare = renderer.template(NeighbourRole.LEAF).render
    sizes = [devices // 4, devices // 2, devices]
    ours: dict[int, list[float]] = {size: [] for size in sizes}
    floors: dict[str, list[float]] = {"dictionaries": [], "dataclasses": []}
    lines = 0
    for number in range(times):
        for size in sizes:
            seconds, lines = rendered(size, renderer.frr, lambda node: node)
            ours[size].append(seconds / size)
            say(f"run {number + 1} of {times}: {size} devices: {seconds:.2f} s")
        for kind, given in (("dictionaries", plain), ("dataclasses", words)):
            floors[kind].append(rendered(sizes[0], lambda each: bare(each), given)[0] / sizes[0])
    with tempfile.TemporaryDirectory(prefix="karst-pyavd-") as folder:
        theirs = avd(Path(folder), leaves)
    device_s = {size: statistics.median(of) for size, of in ours.items()}
    floor_s = {kind: statistics.median(of) for kind, of in floors.items()}
    ratio = {
        "growth": round(max(device_s.values()) / min(device_s.values()), 2),
        "template": round(device_s[devices] / min(floor_s.values()), 2),
        "pyavd": round(min(each["wall_s"] / each["devices"] for each in theirs) / device_s[devices]),
    }
    return {
        "benchmark": "render_fabric",
        "figures": {
            "devices": devices,
            "ports": HOSTS + SPINES,
            "wall_s": round(device_s[devices] * devices, 2),
            "device_us": {size: round(each * 1e6, 1) for size, each in device_s.items()},
            "lines_a_device": round(lines / devices),
            "pyavd": [
                {
                    **each,
                    "device_us": round(each["wall_s"] / each["devices"] * 1e6),
                    "lines_a_device": round(each["lines"] / each["devices"]),
                }
                for each in theirs
            ],
            "runs": times,
        },
        "floor": {
            "device_us": {kind: round(each * 1e6, 1) for kind, each in floor_s.items()},
            "what": "the same compiled template, all that it is given made beforehand; the quicker of the two counts",
        },
        "ratio": ratio,
        "goal": GOALS,
        "met": ratio["growth"] <= GOALS["growth"]
        and ratio["template"] <= GOALS["template"]
        and ratio["pyavd"] >= GOALS["pyavd"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=10_000, help="the most; a half and a quarter of them too")
    parser.add_argument(
        "--leaves", type=int, nargs="+", default=[16, 64, 128], help="of pyavd's fabrics, beside 4 spines"
    )
    parser.add_argument("--runs", type=int, default=3, help="of Karst; the median counts")
    given = parser.parse_args()
    print(json.dumps(measure(given.devices, given.leaves, given.runs)))


if __name__ == "__main__":
    main()
