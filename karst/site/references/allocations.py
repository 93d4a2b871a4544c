"""Checks of `allocations.yml` against the racks it numbers and the ranges it numbers them from."""

from __future__ import annotations

from karst.site.allocations import RackAllocation
from karst.site.changes import servers_of
from karst.site.draft import Draft
from karst.site.names import Seats, seats, split_device
from karst.site.problems import Problems, nearest, one_of
from karst.site.racks import RacksFile, Server, ServerRole
from karst.site.references.switch_allocations import check_switch_allocations


def check_allocations(draft: Draft, problems: Problems) -> None:
    """Pass: numbers are inside their ranges and given once; a name that is retired keeps its numbers, and is told."""
    document, allocations, racks = draft.allocations, draft.allocations.model, draft.racks.model
    if allocations is None:
        return
    taken: dict[tuple[str, object], str] = {}
    for name, allocation in allocations.racks.items():
        _in_range(draft, name, allocation, problems)
        for field, value in allocation:
            first = taken.setdefault((field, value), name)
            if first != name:
                what = f"racks.{name}: {field} {value} is that of {first} too"
                problems.error(document.file, document.line("racks", name), what, f"{field} of its own for every rack")
    check_switch_allocations(draft, problems)
    if racks is None or racks.rows.keys() != draft.racks.names("rows"):
        return
    known = seats(racks)
    for name in allocations.racks:
        if name not in known:
            what = f'racks.{name}: there is no rack "{name}" any more'
            expected = "the rack in racks.yml, or `karst allocate --retire` to free its numbers"
            problems.warn(document.file, document.line("racks", name), what, expected)
    _control_planes(draft, racks, known, problems)


def _in_range(draft: Draft, name: str, allocation: RackAllocation, problems: Problems) -> None:
    document, network = draft.allocations, draft.network.model
    where = document.line("racks", name)
    if network is None:
        return
    prefixes, numbers = network.prefixes, network.as_numbers
    for field, block, prefix in (
        ("out_of_band", allocation.out_of_band, prefixes.out_of_band),
        ("loopbacks", allocation.loopbacks, prefixes.loopbacks),
    ):
        if prefix.prefixlen > prefixes.rack_prefix_length:
            continue  # told of in network.yml
        if block.prefixlen != prefixes.rack_prefix_length or not block.subnet_of(prefix):
            expected = f"a /{prefixes.rack_prefix_length} inside {prefix}, as network.yml says"
            problems.error(document.file, where, f"racks.{name}: {field} is {block}", expected)
    if numbers.first <= numbers.last and allocation.as_number not in numbers:
        expected = f"one from {numbers.first} to {numbers.last}, as network.yml says"
        problems.error(document.file, where, f"racks.{name}: as_number is {allocation.as_number}", expected)


def _control_planes(draft: Draft, racks: RacksFile, known: Seats, problems: Problems) -> None:
    """Pass: members are servers for that role, in the cluster's halls, each once, and not more than declared."""
    document, clusters = draft.allocations, draft.clusters.model
    allocations, names = document.model, draft.clusters.names("clusters")
    for cluster, members in allocations.control_plane.items() if allocations else ():
        where = document.line("control_plane", cluster)
        if names is not None and cluster not in names:
            what = f'control_plane.{cluster}: there is no cluster "{cluster}" any more'
            problems.warn(document.file, where, what, one_of(names, "clusters") + nearest(cluster, names))
            continue
        declared = clusters.clusters.get(cluster) if clusters else None
        if declared and len(members) > declared.control_plane:
            what = f"control_plane.{cluster} has {len(members)} members"
            problems.error(document.file, where, what, f"{declared.control_plane}, as clusters.yml says")
        for index, member in enumerate(members):
            halls = declared.halls if declared else None
            if member in members[:index]:
                what = f"control_plane.{cluster}: {member} stands twice"
                problems.error(document.file, document.line("control_plane", cluster, index), what, "every member once")
            _member(draft, racks, known, (cluster, index), member, halls, problems)


def _member(
    draft: Draft,
    racks: RacksFile,
    known: Seats,
    place: tuple[str, int],
    member: str,
    halls: tuple[str, ...] | None,
    problems: Problems,
) -> None:
    file, line = draft.allocations.file, draft.allocations.line("control_plane", *place)
    split = split_device(member, known)
    if split and racks.rows[known[split[0]][0]].pattern not in racks.patterns:
        return  # nobody knows what stands in that rack; why, racks.yml is told
    found = find_server(racks, known, member)
    if found is None:
        what = f'control_plane.{place[0]}: there is no server "{member}" any more'
        problems.warn(file, line, what, "a server in racks.yml, or `karst allocate --retire` to choose another")
        return
    row, server = found
    if server.role is not ServerRole.CONTROL_PLANE:
        what = f"control_plane.{place[0]}: {member} has the role {server.role.value}"
        problems.error(file, line, what, "a server with the role control_plane")
    space = draft.spaces.model.rows.get(row) if draft.spaces.model else None
    if space and halls is not None and space.hall not in halls and space.hall in (draft.spaces.names("halls") or ()):
        what = f"control_plane.{place[0]}: {member} is in hall {space.hall}"
        problems.error(file, line, what, f"a server in the cluster's halls: {', '.join(halls)}")


def find_server(racks: RacksFile, known: Seats, name: str) -> tuple[str, Server] | None:
    """Return the row and the server of a full name, or nothing if there is none. `known` are the racks' seats."""
    split = split_device(name, known)
    if split is None:
        return None
    rack, short = split
    row = known[rack][0]
    pattern = racks.patterns.get(racks.rows[row].pattern)
    server = servers_of(pattern, racks.racks.get(rack)).get(short) if pattern else None
    return (row, server) if server else None
