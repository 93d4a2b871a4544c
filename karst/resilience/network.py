"""What each single fault leaves of the network: who still reaches whom and the carriers, and with which bandwidth.

Routes go up and down once, leaf to spine to leaf or border, as the AS numbers see to. So hosts of one pair of leaves
share their fate, and as long as one spine is common to all leaves, all of them reach each other: that is looked at
first, and only without such a spine is every pair compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

Gbps = Mapping[str, int]  # by the device at the other end


class FaultKind(StrEnum):
    """What fails."""

    LINK = "link"
    SWITCH = "switch"
    CARRIER = "carrier"
    ENTRANCE = "entrance"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Uplink:
    """A carrier at its border."""

    border: str
    entrance: str
    gbps: int


@dataclass(frozen=True, slots=True)
class Wiring:
    """A fabric as far as faults are concerned; speeds are those of all links between two devices together."""

    spines: frozenset[str]
    leaves: Mapping[str, Gbps]  # to spines
    borders: Mapping[str, Gbps]  # to spines
    hosts: Mapping[str, Gbps]  # to leaves
    carriers: Mapping[str, Uplink]  # those that are not drained
    fed_by: Mapping[str, str]  # path by switch, of those that one path feeds
    links: tuple[tuple[str, str, str, int], ...]  # label, upper device, lower device, Gb/s


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and what it takes down."""

    kind: FaultKind
    name: str
    switches: frozenset[str] = frozenset()
    carriers: frozenset[str] = frozenset()
    link: tuple[str, str, int] | None = None  # upper, lower, Gb/s


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left. Fractions are of what there is without a fault, of the pair of leaves that is worst off."""

    fault: Fault
    cut_off: frozenset[str]  # hosts that reach no leaf, or not every other host that does
    without_carrier: frozenset[str]  # hosts
    uplinks_left: float
    carriers_left: float

    @property
    def survived(self) -> bool:
        """Whether everybody still reaches everybody, and a carrier."""
        return not self.cut_off and not self.without_carrier


def faults(wiring: Wiring) -> Iterator[Fault]:
    """Yield every single fault."""
    for label, upper, lower, gbps in wiring.links:
        if lower in wiring.carriers:
            yield Fault(FaultKind.LINK, label, carriers=frozenset({lower}))
        else:
            yield Fault(FaultKind.LINK, label, link=(upper, lower, gbps))
    for name in (*sorted(wiring.spines), *wiring.leaves, *wiring.borders):
        yield Fault(FaultKind.SWITCH, name, switches=frozenset({name}))
    for name in wiring.carriers:
        yield Fault(FaultKind.CARRIER, name, carriers=frozenset({name}))
    for entrance in sorted({each.entrance for each in wiring.carriers.values()}):
        there = frozenset(name for name, each in wiring.carriers.items() if each.entrance == entrance)
        yield Fault(FaultKind.ENTRANCE, entrance, carriers=there)
    for path in sorted(set(wiring.fed_by.values())):
        there = frozenset(name for name, each in wiring.fed_by.items() if each == path)
        yield Fault(FaultKind.PATH, path, switches=there)


def outcomes(wiring: Wiring) -> Iterator[Outcome]:
    """Yield what every single fault leaves."""
    whole = _Whole(wiring)
    for fault in faults(wiring):
        yield whole.outcome(fault)


class _Whole:
    """A wiring without a fault, looked at once for all faults."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._classes: dict[tuple[str, ...], list[str]] = {}
        for host, leaves in wiring.hosts.items():
            self._classes.setdefault(tuple(sorted(leaves)), []).append(host)
        self._common = reduce(
            frozenset.intersection, (frozenset(each) for each in wiring.leaves.values()), wiring.spines
        )
        self._of_leaf: dict[str, list[tuple[str, ...]]] = {}
        for pair in self._classes:
            for leaf in pair:
                self._of_leaf.setdefault(leaf, []).append(pair)
        nothing = Fault(FaultKind.LINK, "")
        self._uplinks = {leaves: self._uplinks_gbps(leaves, nothing) for leaves in self._classes}
        self._all_exits = self._exits(nothing)
        self._carriers_gbps = sum(each.gbps for each in wiring.carriers.values())

    def outcome(self, fault: Fault) -> Outcome:
        """Return what a fault leaves."""
        wiring = self._wiring
        touched = self._touched(fault)
        common = self._common - fault.switches
        if fault.link and fault.link[1] in wiring.leaves:
            common &= self._spines_of(fault.link[1], fault)
        exits = self._exits(fault) if fault.link is None or fault.link[1] in wiring.borders else self._all_exits
        cut_off = {host for leaves, hosts in self._alive(touched, fault) for host in hosts if not leaves}
        without = set(cut_off)
        if not common or not common & exits:
            alive = self._alive(list(self._classes), fault)
            if not common:
                cut_off |= self._apart(alive, fault)
            without |= {host for leaves, hosts in alive for host in hosts if not self._above(leaves, fault) & exits}
        left = min((self._share(leaves, fault) for leaves in touched), default=1.0)
        live = sum(each.gbps for name, each in wiring.carriers.items() if self._is_exit(name, fault))
        share = live / self._carriers_gbps if self._carriers_gbps else 0.0
        return Outcome(fault, frozenset(cut_off), frozenset(without), left, share)

    def _alive(self, classes: list[tuple[str, ...]], fault: Fault) -> list[tuple[tuple[str, ...], list[str]]]:
        """Return the hosts of some pairs of leaves by the leaves that they still reach."""
        found = []
        for leaves in classes:
            hosts = self._classes[leaves]
            left = tuple(leaf for leaf in leaves if leaf not in fault.switches)
            alone = fault.link[1] if fault.link and fault.link[1] in self._wiring.hosts else None
            if fault.link and alone is not None and fault.link[0] in leaves and alone in hosts:
                kept = self._wiring.hosts[alone].get(fault.link[0], 0) - fault.link[2] > 0
                found.append((left if kept else tuple(leaf for leaf in left if leaf != fault.link[0]), [alone]))
                hosts = [host for host in hosts if host != alone]
            if hosts:
                found.append((left, hosts))
        return found

    def _spines_of(self, switch: str, fault: Fault) -> frozenset[str]:
        """Return the live spines that a leaf or border still has a link to."""
        gbps = self._wiring.leaves.get(switch) or self._wiring.borders.get(switch, {})
        cut = fault.link if fault.link and fault.link[1] == switch else None
        return frozenset(
            spine
            for spine, speed in gbps.items()
            if spine not in fault.switches and speed - (cut[2] if cut and cut[0] == spine else 0) > 0
        )

    def _above(self, leaves: tuple[str, ...], fault: Fault) -> frozenset[str]:
        return frozenset().union(*(self._spines_of(leaf, fault) for leaf in leaves))

    def _is_exit(self, carrier: str, fault: Fault) -> bool:
        uplink = self._wiring.carriers[carrier]
        return carrier not in fault.carriers and uplink.border not in fault.switches

    def _exits(self, fault: Fault) -> frozenset[str]:
        """Return the spines from which a border with a live carrier is reached."""
        borders = {self._wiring.carriers[name].border for name in self._wiring.carriers if self._is_exit(name, fault)}
        return frozenset().union(*(self._spines_of(border, fault) for border in borders))

    def _apart(self, alive: list[tuple[tuple[str, ...], list[str]]], fault: Fault) -> set[str]:
        """Return the hosts that some other does not reach, every pair compared."""
        found: set[str] = set()
        alive = [each for each in alive if each[0]]
        above = [self._above(leaves, fault) for leaves, _ in alive]
        for index, (leaves, hosts) in enumerate(alive):
            for other, (their_leaves, their_hosts) in enumerate(alive[:index]):
                if not above[index] & above[other] and not set(leaves) & set(their_leaves):
                    found |= {*hosts, *their_hosts}
        return found

    def _touched(self, fault: Fault) -> list[tuple[str, ...]]:
        """Return the pairs of leaves whose own links or switches the fault takes."""
        if fault.link:
            lower = fault.link[1]
            if lower in self._wiring.hosts:
                return [tuple(sorted(self._wiring.hosts[lower]))]
            return self._of_leaf.get(lower, [])
        if fault.switches & self._wiring.spines:
            return list(self._classes)
        return list(dict.fromkeys(each for name in fault.switches for each in self._of_leaf.get(name, [])))

    def _share(self, leaves: tuple[str, ...], fault: Fault) -> float:
        whole = self._uplinks[leaves]
        return self._uplinks_gbps(leaves, fault) / whole if whole else 0.0

    def _uplinks_gbps(self, leaves: tuple[str, ...], fault: Fault) -> int:
        total = 0
        for leaf in leaves:
            if leaf in fault.switches:
                continue
            total += sum(speed for spine, speed in self._wiring.leaves[leaf].items() if spine not in fault.switches)
            if fault.link and fault.link[1] == leaf:
                total -= fault.link[2]
        return total
