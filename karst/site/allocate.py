"""The only step that chooses: numbers for racks that have none, and members for control planes. Pure; see docs/site.md.

Choices are lowest-first, so that the same site and allocations always give the same lines, whoever runs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from karst.site.allocate_switches import allocate_switches, free
from karst.site.allocations import RackAllocation, SwitchAllocation
from karst.site.base import Status
from karst.site.changes import servers_of, status_of
from karst.site.clusters import Cluster
from karst.site.model import Site
from karst.site.names import Seats, device_name, seats, split_device
from karst.site.problems import Problems, SiteError
from karst.site.racks import ServerRole
from karst.site.switches import switches_of

FILE = "allocations.yml"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Lines to add or to remove: racks and switches with their numbers, and control plane members by cluster."""

    racks: Mapping[str, RackAllocation]
    switches: Mapping[str, SwitchAllocation]
    control_plane: Mapping[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        return bool(self.racks or self.switches or self.control_plane)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A server that may join a control plane, and the spaces it would be lost with."""

    name: str
    hall: str
    row: str
    rack: str


def allocate(site: Site) -> Allocation:
    """Return what `allocations.yml` lacks. Nothing that it holds is looked at again.

    Raises SiteError if numbers or candidates run out; then nothing is chosen at all.
    """
    problems = Problems()
    racks = _racks(site, problems)
    switches = allocate_switches(site, problems)
    members = {}
    for name, cluster in site.clusters.clusters.items():
        chosen = _members(site, name, cluster, problems)
        if chosen:
            members[name] = chosen
    if problems.errors():
        raise SiteError(problems.all())
    return Allocation(racks, switches, members)


def retired(site: Site) -> Allocation:
    """Return the lines whose rack, cluster or member the site no longer has."""
    known = seats(site.racks)
    racks = {name: each for name, each in site.allocations.racks.items() if name not in known}
    members = {}
    for cluster, chosen in site.allocations.control_plane.items():
        kept = site.clusters.clusters.get(cluster)
        gone = tuple(member for member in chosen if kept is None or not _exists(site, known, member))
        if gone:
            members[cluster] = gone
    there = switches_of(site.network, site.racks)
    switches = {
        name: each
        for name, each in site.allocations.switches.items()
        if name not in there or (each.rack is not None and each.rack not in known)
    }
    return Allocation(racks, switches, members)


def _exists(site: Site, known: Seats, server: str) -> bool:
    split = split_device(server, known)
    if split is None:
        return False
    rack, short = split
    pattern = site.racks.patterns[site.racks.rows[known[rack][0]].pattern]
    return short in servers_of(pattern, site.racks.racks.get(rack))


def _racks(site: Site, problems: Problems) -> dict[str, RackAllocation]:
    taken = site.allocations.racks
    missing = [rack for rack in _in_order(site) if rack not in taken]
    prefixes, numbers = site.network.prefixes, site.network.as_numbers
    length = prefixes.rack_prefix_length
    sources = (
        ("an ordinal", count(), {each.ordinal for each in taken.values()}),
        (
            f"a /{length} of {prefixes.out_of_band}, out_of_band",
            prefixes.out_of_band.subnets(new_prefix=length),
            {each.out_of_band for each in taken.values()},
        ),
        (
            f"a /{length} of {prefixes.loopbacks}, loopbacks",
            prefixes.loopbacks.subnets(new_prefix=length),
            {each.loopbacks for each in taken.values()},
        ),
        (
            f"an AS number from {numbers.first} to {numbers.last}",
            iter(range(numbers.first, numbers.last + 1)),
            {each.as_number for each in taken.values()},
        ),
    )
    columns = []
    for what, choices, used in sources:
        column = free(choices, used, len(missing))
        if len(column) < len(missing):
            lacking = len(missing) - len(column)
            line = site.line("network.yml", "prefixes")
            first = missing[len(column)]
            lack = f"rack {first} lacks" if lacking == 1 else f"{lacking} racks, from {first} on, lack"
            problems.error("network.yml", line, f"{lack} {what}", "a larger range")
        columns.append(column)
    return {
        rack: RackAllocation.model_validate(
            {"ordinal": ordinal, "out_of_band": out_of_band, "loopbacks": loopbacks, "as_number": as_number}
        )
        for rack, ordinal, out_of_band, loopbacks, as_number in zip(missing, *columns, strict=False)
    }


def _in_order(site: Site) -> list[str]:
    """Return the racks as `spaces.yml` lists halls and rows, so that the numbers of a hall lie together."""
    halls = {hall: index for index, hall in enumerate(site.spaces.halls)}
    rows = {name: (halls[row.hall], index) for index, (name, row) in enumerate(site.spaces.rows.items())}
    known = seats(site.racks)
    return sorted(known, key=lambda rack: (rows[known[rack][0]], known[rack][1]))


def _members(site: Site, name: str, cluster: Cluster, problems: Problems) -> tuple[str, ...]:
    """Choose each next member where the fewest are already: by hall, then by row; never in one rack twice."""
    members = site.allocations.control_plane.get(name, ())
    lacking = cluster.control_plane - len(members)
    if lacking <= 0:
        return ()
    candidates = list(_candidates(site, cluster))
    by_name = {candidate.name: candidate for candidate in candidates}
    halls = Counter(by_name[member].hall for member in members if member in by_name)
    rows = Counter(by_name[member].row for member in members if member in by_name)
    known = seats(site.racks)
    racks = {split[0] for member in members if (split := split_device(member, known))}
    chosen: list[str] = []
    while len(chosen) < lacking:
        free = [each for each in candidates if each.rack not in racks]
        if not free:
            line = site.line("clusters.yml", "clusters", name, "control_plane")
            what = f"clusters.{name} needs {lacking} more control plane members, {len(chosen)} can be found"
            expected = (
                "servers for that role in its halls, each in a rack of its own, neither failed nor decommissioning"
            )
            problems.error("clusters.yml", line, what, expected)
            return ()
        best = min(free, key=lambda each: (halls[each.hall], rows[each.row]))
        chosen.append(best.name)
        halls[best.hall] += 1
        rows[best.row] += 1
        racks.add(best.rack)
    return tuple(chosen)


def _candidates(site: Site, cluster: Cluster) -> Iterable[_Candidate]:
    """Yield servers for control planes in the cluster's halls, in the order of the racks."""
    for rack, (row, _) in seats(site.racks).items():
        hall = site.spaces.rows[row].hall
        if hall not in cluster.halls:
            continue
        filled = site.racks.rows[row]
        pattern, change = site.racks.patterns[filled.pattern], site.racks.racks.get(rack)
        for short, server in servers_of(pattern, change).items():
            if server.role is ServerRole.CONTROL_PLANE:
                status = status_of(filled, pattern, change, short)
                if status not in (Status.FAILED, Status.DECOMMISSIONING):
                    yield _Candidate(device_name(rack, short), hall, row, rack)
