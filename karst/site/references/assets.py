"""Checks of `assets.csv` against the racks: what was delivered must have a place."""

from __future__ import annotations

from karst.site.deliveries import FILE
from karst.site.draft import Draft
from karst.site.names import device_name, seats, split_device
from karst.site.problems import Problems, nearest, one_of


def check_assets(draft: Draft, problems: Problems) -> None:
    """Pass: every device of the file is a server or rack PDU of some rack."""
    racks = draft.racks.model
    if draft.assets is None or racks is None or racks.rows.keys() != draft.racks.names("rows"):
        return
    known = seats(racks)
    for name, line in draft.assets.lines.items():
        split = split_device(name, known)
        if split is None:
            expected = "a server or rack PDU of a rack in racks.yml" + nearest(name, list(known))
            problems.error(FILE, line, f'there is no device "{name}"', expected)
            continue
        rack, short = split
        pattern = racks.patterns.get(racks.rows[known[rack][0]].pattern)
        change = racks.racks.get(rack)
        if pattern is None or short in pattern.servers or short in pattern.pdus or (change and short in change.servers):
            continue
        devices = [
            device_name(rack, each) for each in (*pattern.servers, *pattern.pdus, *(change.servers if change else ()))
        ]
        problems.error(
            FILE,
            line,
            f'there is no device "{name}"',
            one_of(devices, f"devices of rack {rack}") + nearest(name, devices),
        )
