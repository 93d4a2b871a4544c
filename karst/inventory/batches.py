"""In which order hosts may be taken down: batches that keep redundancy. Pure; who is down is told, never guessed.

What one failure domain holds fails together anyway, so whatever is redundant is so across domains. A batch is therefore
a domain, and never two of one cluster; of a control plane, whose quorum counts single members, it has one at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from karst.plan.naming import natural

# Domains that take a server down whole; of power it takes two.
DOMAINS = ("rack", "row", "hall", "fire_compartment", "cavern", "cooling_zone")


@dataclass(frozen=True, slots=True)
class Member:
    """What batches need to know of a host."""

    name: str
    domain: str  # what it fails with: "rack:h1-r1-01"
    cluster: str | None
    control_plane: bool  # a member of its cluster's


@dataclass(frozen=True, slots=True)
class Batch:
    """Hosts that may be down at once."""

    domains: tuple[str, ...]  # one a cluster at most
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """Hosts of one cluster and domain, with one member of the control plane at most."""

    cluster: str | None
    domain: str
    hosts: tuple[str, ...]
    down: bool


def redundancy_groups(members: Iterable[Member]) -> dict[str, dict[str, frozenset[str]]]:
    """Return the groups of which only one member may be down: by group and member, the hosts that a member is.

    A cluster's members are its failure domains; a control plane's are hosts. Hosts of no cluster are held to be one,
    since nobody said what they are redundant with.
    """
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for member in members:
        found[f"cluster:{member.cluster or ''}"][member.domain].add(member.name)
        if member.control_plane:
            found[f"control_plane:{member.cluster or ''}"][member.name].add(member.name)
    return {group: {name: frozenset(hosts) for name, hosts in of_group.items()} for group, of_group in found.items()}


def batches(members: Iterable[Member], down: Collection[str] = (), most: int | None = None) -> tuple[Batch, ...]:
    """Return the batches in which all `members` may be taken down, one batch at a time.

    Domains with hosts that are `down` already come first: until they are back, no other of their cluster may go.
    A batch has `most` hosts at most. Clusters are worked on side by side, since they share no redundancy.
    Raises ValueError if `most` is below 1.
    """
    if most is not None and most < 1:
        raise ValueError(f"a batch of {most} hosts at most is none; expected 1 or more")
    queues: dict[str | None, list[_Unit]] = defaultdict(list)
    for unit in sorted(_units(members, frozenset(down), most), key=_first_what_is_down):
        queues[unit.cluster].append(unit)
    found = []
    while queues:
        taken = _taken(queues, most)
        found.append(Batch(tuple(unit.domain for unit in taken), tuple(name for unit in taken for name in unit.hosts)))
        queues = {cluster: queue for cluster, queue in queues.items() if queue}
    return tuple(found)


def members_of(groups: Mapping[str, Collection[str]], hosts: Iterable[str], domain: str = "rack") -> tuple[Member, ...]:
    """Return the `hosts` of an inventory as members, from its groups alone; `domain` is what fails together.

    Raises ValueError for a `domain` that does not take hosts down whole, or names the hosts that are in none.
    """
    if domain not in DOMAINS:
        raise ValueError(f"{domain} is no failure domain that takes a host down whole; expected {', '.join(DOMAINS)}")
    domains, clusters = _group_of(groups, f"{domain}_"), _group_of(groups, "cluster_")
    quorum = _group_of(groups, "control_plane_")
    found = tuple(Member(name, domains.get(name, ""), clusters.get(name), name in quorum) for name in map(str, hosts))
    if stray := [member.name for member in found if not member.domain]:
        raise ValueError(f"no {domain} is known of {', '.join(stray)}: not of an inventory of Karst's")
    return found


def peers(groups: Mapping[str, Collection[str]], hosts: Iterable[str]) -> tuple[str, ...]:
    """Return `hosts` and every host that shares redundancy with one of them, in the inventory's order."""
    clusters = _group_of(groups, "cluster_")
    wanted = {clusters.get(str(name)) for name in hosts}
    return tuple(name for name in map(str, groups["all"]) if clusters.get(name) in wanted)


def _group_of(groups: Mapping[str, Collection[str]], prefix: str) -> dict[str, str]:
    """Return by host which group of this prefix it is in; a host is in one at most."""
    return {str(host): name for name, hosts in groups.items() if name.startswith(prefix) for host in hosts}


def _taken(queues: dict[str | None, list[_Unit]], most: int | None) -> list[_Unit]:
    """Take the next unit of each cluster off its queue, as far as they fit into one batch."""
    taken: list[_Unit] = []
    count = 0
    # The longest queue first: it decides how many batches there will be.
    for queue in sorted(queues.values(), key=lambda queue: (not queue[0].down, -len(queue), queue[0].domain)):
        if most is None or count + len(queue[0].hosts) <= most:
            count += len(queue[0].hosts)
            taken.append(queue.pop(0))
    return taken


def _units(members: Iterable[Member], down: frozenset[str], most: int | None) -> Iterable[_Unit]:
    together: dict[tuple[str | None, str], list[Member]] = defaultdict(list)
    for member in members:
        together[member.cluster, member.domain].append(member)
    for (cluster, domain), of_domain in together.items():
        for hosts in _split(sorted(of_domain, key=lambda member: natural(member.name)), most or len(of_domain)):
            yield _Unit(cluster, domain, hosts, not down.isdisjoint(hosts))


def _split(members: Sequence[Member], most: int) -> Iterable[tuple[str, ...]]:
    """Split a domain's hosts into as few units as may be: a control plane member a unit, and `most` hosts."""
    quorum = [member.name for member in members if member.control_plane]
    others = [member.name for member in members if not member.control_plane]
    units: list[list[str]] = [[name] for name in quorum] or [[]]
    for name in others:
        unit = next((unit for unit in units if len(unit) < most), None)
        if unit is None:
            units.append(unit := [])
        unit.append(name)
    return (tuple(sorted(unit, key=natural)) for unit in units if unit)


def _first_what_is_down(unit: _Unit) -> tuple[bool, object, object]:
    return (not unit.down, natural(unit.domain), natural(unit.hosts[0]))
