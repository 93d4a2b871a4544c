"""Flows across a fabric, probed every few milliseconds, and how long each was out."""

from __future__ import annotations

import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from karst.twin.fabric.ground import FabricError, Ground
from karst.twin.fabric.probe import Orders, Seen

INTERVAL_S = 0.01
_PORT = 7007
# Sources' ports differ by flow, so that each takes a way of its own.
_FIRST_PORT = 20000
# Longer than any packet is on its way.
_LATE_S = 0.3


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets from one node to an address, which may be at several nodes."""

    source: str
    from_address: IPv4Address
    destinations: tuple[str, ...]
    to_address: IPv4Address


@dataclass(slots=True)
class Outages:
    """What was lost, once the probe has ended: by flow, in the order in which they were given."""

    packets: int = 0  # of each flow
    lost: list[int] = field(default_factory=list)
    longest_ms: list[float] = field(default_factory=list)

    @property
    def hit(self) -> int:
        """How many flows lost a packet at least."""
        return sum(lost > 0 for lost in self.lost)

    @property
    def worst_ms(self) -> float:
        """The longest time for which a flow was out."""
        return max(self.longest_ms, default=0.0)


@contextmanager
def probed(ground: Ground, flows: Sequence[Flow], interval_s: float = INTERVAL_S) -> Iterator[Outages]:
    """Probe the flows for as long as the context lasts; then the yielded outages are known. Raises FabricError."""
    found = Outages()
    with _probes(ground, _orders(flows, interval_s)) as probes:
        _tell(probes.values(), "send\n")
        yield found
        _tell(probes.values(), "stop\n")
        time.sleep(_LATE_S)
        seen: dict[str, Seen] = {name: json.loads(probe.communicate()[0]) for name, probe in probes.items()}
    for index, flow in enumerate(flows):
        sent_s = seen[flow.source]["sent_s"]
        arrived = {number for name in flow.destinations for number in seen[name]["received"].get(str(index), ())}
        longest_s = max(outages_s(sent_s, arrived, interval_s), default=0.0)
        found.packets = max(found.packets, len(sent_s))
        found.lost.append(len(sent_s) - len(arrived))
        found.longest_ms.append(round(longest_s * 1000, 1))


def outages_s(sent_s: Sequence[float], arrived: Collection[int], interval_s: float) -> Iterator[float]:
    """Yield how long each run of lost packets was: from the first to the last of them, and an interval more.

    `sent_s` says when each was sent, by its number. A sender that was late makes no outage longer.
    """
    lost = [number for number in range(len(sent_s)) if number not in arrived]
    for index, number in enumerate(lost):
        if index == 0 or number != lost[index - 1] + 1:
            began = sent_s[number]
        if index == len(lost) - 1 or lost[index + 1] != number + 1:
            yield sent_s[number] - began + interval_s


def _orders(flows: Sequence[Flow], interval_s: float) -> Mapping[str, Orders]:
    orders: dict[str, Orders] = defaultdict(lambda: Orders(interval_s=interval_s, send=[], receive=None))
    for index, flow in enumerate(flows):
        port = _FIRST_PORT + index
        orders[flow.source]["send"].append((index, str(flow.from_address), port, str(flow.to_address), _PORT))
        for name in flow.destinations:
            orders[name]["receive"] = (str(flow.to_address), _PORT)
    return orders


@contextmanager
def _probes(ground: Ground, orders: Mapping[str, Orders]) -> Iterator[Mapping[str, subprocess.Popen[str]]]:
    probes = {
        name: ground.start("karst.twin.fabric.probe", [json.dumps(order)], name) for name, order in orders.items()
    }
    try:
        for name, probe in probes.items():
            if probe.stdout is None or probe.stdout.readline() != "ready\n":
                raise FabricError(f"{name}: its probe does not start")
        yield probes
    finally:
        for probe in probes.values():
            if probe.poll() is None:
                probe.kill()
            probe.wait()


def _tell(probes: Collection[subprocess.Popen[str]], line: str) -> None:
    for probe in probes:
        if probe.stdin is not None:
            probe.stdin.write(line)
            probe.stdin.flush()
