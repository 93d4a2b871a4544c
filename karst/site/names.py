"""How things are called: a rack after its row and position, a device after its rack. Short enough for a host name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from karst.site.positions import positions
from karst.site.racks import RacksFile

# Row and position by a rack's name.
Seats: TypeAlias = Mapping[str, tuple[str, int]]

# A DNS label (RFC 1035, 2.3.4): device names become host names.
MAX_NAME = 63


def rack_name(row: str, position: int) -> str:
    """Return `h1-r1-03` for row `h1-r1` and position 3."""
    return f"{row}-{position:02d}"


def device_name(rack: str, device: str) -> str:
    """Return `h1-r1-03-s01` for server `s01`, or `h1-r1-03-pdu-a` for rack PDU `pdu-a`, of rack `h1-r1-03`."""
    return f"{rack}-{device}"


def seats(racks: RacksFile) -> Seats:
    """Return row and position of every rack by its name, in the file's order of rows and then by position."""
    return {
        rack_name(row, position): (row, position)
        for row, filled in racks.rows.items()
        for position in sorted(set(positions(filled.positions)))
    }


def split_device(name: str, racks: Collection[str]) -> tuple[str, str] | None:
    """Return rack and short name of a device of one of `racks`, or nothing if its name begins with none of them."""
    for index, letter in enumerate(name):
        if letter == "-" and name[:index] in racks:
            return name[:index], name[index + 1 :]
    return None
