"""References of `racks.yml`: rows and their positions, patterns, and single racks that differ."""

from __future__ import annotations

from collections import Counter

from karst.site.changes import servers_of
from karst.site.draft import Draft
from karst.site.names import MAX_NAME, device_name, rack_name, seats
from karst.site.positions import positions
from karst.site.problems import Problems, nearest, one_of
from karst.site.racks import DeviceChange, RackChange, RacksFile, RowOfRacks
from karst.site.references.devices import check_pdu_type, check_servers
from karst.site.references.refer import refer


def check_racks(draft: Draft, problems: Problems) -> None:
    """Pass: rows, patterns and racks name each other rightly, and what stands in each rack fits there."""
    racks = draft.racks.model
    if racks is None:
        return
    for name, pattern in racks.patterns.items():
        for pdu_name, pdu in pattern.pdus.items():
            path = ("patterns", name, "pdus", pdu_name)
            check_pdu_type(draft, (*path, "device_type"), pdu.device_type, problems)
            refer(draft.racks, (*path, "path"), pdu.path, "path", draft.power.names("paths"), problems)
        both = sorted(pattern.pdus.keys() & pattern.servers.keys())
        for device in both:
            where = draft.racks.line("patterns", name, "pdus", device)
            problems.error(
                draft.racks.file, where, f'pattern {name}: server and rack PDU "{device}"', "names of their own"
            )
        check_servers(draft, ("patterns", name), pattern.height_u, pattern.servers, problems)
    for name, row in racks.rows.items():
        _row(draft, racks, name, row, problems)
    _changes(draft, racks, problems)


def _row(draft: Draft, racks: RacksFile, name: str, row: RowOfRacks, problems: Problems) -> None:
    document, spaces = draft.racks, draft.spaces.model
    refer(document, ("rows", name), name, "row", draft.spaces.names("rows"), problems)
    refer(document, ("rows", name, "pattern"), row.pattern, "pattern", document.names("patterns"), problems)
    space = spaces.rows.get(name) if spaces else None
    where = document.line("rows", name, "positions")
    taken = Counter(positions(row.positions))
    for position, times in sorted(taken.items()):
        if times > 1:
            problems.error(
                document.file, where, f"rows.{name}: position {position} is filled {times} times", "every position once"
            )
    if not taken:
        problems.error(
            document.file, where, f'rows.{name}: "{row.positions}" are no positions', "a range from low to high"
        )
    outside = [position for position in taken if position < 1 or (space and position > space.positions)]
    if outside:
        many = f"1 to {space.positions}" if space else "1 and above"
        what = f"rows.{name}: position {max(outside) if min(outside) else 0} does not exist in the row"
        problems.error(document.file, where, what, many)
    _fed(draft, racks, name, row, problems)
    _short_enough(draft, racks, name, row, problems)


def _fed(draft: Draft, racks: RacksFile, name: str, row: RowOfRacks, problems: Problems) -> None:
    """Pass: along the row runs a busway of the path of each of its racks' PDUs."""
    power, pattern = draft.power.model, racks.patterns.get(row.pattern)
    if power is None or pattern is None or draft.power.names("busways") != power.busways.keys():
        return  # a busway with faults may be the one
    known = draft.power.names("paths") or frozenset()
    there = {busway.path for busway in power.busways.values() if name in busway.rows}
    for path in sorted({pdu.path for pdu in pattern.pdus.values()} & known - there):
        where = draft.racks.line("rows", name)
        what = f"row {name} has no busway of path {path}, which rack PDUs of pattern {row.pattern} tap"
        problems.error(draft.racks.file, where, what, "a busway in power.yml with this path and row")


def _short_enough(draft: Draft, racks: RacksFile, name: str, row: RowOfRacks, problems: Problems) -> None:
    pattern = racks.patterns.get(row.pattern)
    longest = max((*pattern.servers, *pattern.pdus), key=len) if pattern else ""
    device = device_name(rack_name(name, 1), longest)
    if len(device) > MAX_NAME:
        where = draft.racks.line("rows", name)
        what = f'device name "{device}" has {len(device)} characters'
        problems.error(draft.racks.file, where, what, f"at most {MAX_NAME}, as it becomes a host name")


def _changes(draft: Draft, racks: RacksFile, problems: Problems) -> None:
    """Pass: each rack that differs exists, and so do its devices, unless a server is added whole."""
    known = seats(racks)
    whole = racks.rows.keys() == draft.racks.names("rows")
    for name, change in racks.racks.items():
        if name not in known:
            if whole:  # else it may stand in a row that has faults
                what = f'racks.{name}: there is no rack "{name}"'
                expected = one_of(known, "racks") + nearest(name, list(known))
                problems.error(draft.racks.file, draft.racks.line("racks", name), what, expected)
            continue
        pattern = racks.patterns.get(racks.rows[known[name][0]].pattern)
        if pattern is None:
            continue
        for pdu, changed in change.pdus.items():
            _changed_pdu(draft, name, pdu, changed, frozenset(pattern.pdus), problems)
        _new_servers(draft, name, change, frozenset(pattern.servers), problems)
        touched = frozenset(change.servers)
        if touched:
            check_servers(draft, ("racks", name), pattern.height_u, servers_of(pattern, change), problems, touched)


def _changed_pdu(
    draft: Draft, rack: str, name: str, change: DeviceChange, known: frozenset[str], problems: Problems
) -> None:
    path = ("racks", rack, "pdus", name)
    refer(draft.racks, path, name, "rack PDU", known, problems)
    if change.device_type is not None:
        check_pdu_type(draft, (*path, "device_type"), change.device_type, problems)
    for field in ("u", "role", "image", "settings"):
        if getattr(change, field) is not None:
            where = draft.racks.line(*path, field)
            problems.error(
                draft.racks.file,
                where,
                f"racks.{rack}.pdus.{name}: a rack PDU has no {field}",
                "status, hold, device_type",
            )


def _new_servers(draft: Draft, rack: str, change: RackChange, known: frozenset[str], problems: Problems) -> None:
    """Pass: a server that the pattern has not got comes with device type and u; else its name is a typo."""
    for name, changed in change.servers.items():
        where = draft.racks.line("racks", rack, "servers", name)
        if name not in known and (changed.device_type is None or changed.u is None):
            what = f'racks.{rack}.servers.{name}: there is no server "{name}" in the rack'
            expected = (
                one_of(known) + ", or device_type and u of a server that only this rack has" + nearest(name, known)
            )
            problems.error(draft.racks.file, where, what, expected)
        if len(device_name(rack, name)) > MAX_NAME:
            what = f'device name "{device_name(rack, name)}" has {len(device_name(rack, name))} characters'
            problems.error(draft.racks.file, where, what, f"at most {MAX_NAME}, as it becomes a host name")
