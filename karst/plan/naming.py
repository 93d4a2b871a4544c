"""Names of racks and devices, and the order they are listed in."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(\d+)")


def rack_name(row: str, position: int) -> str:
    """Return `h1-r1-03`."""
    return f"{row}-{position:02d}"


def device_name(rack: str, short: str) -> str:
    """Return the full name of a server or rack PDU: `h1-r1-03-s01`, `h1-r1-03-pdu-a`."""
    return f"{rack}-{short}"


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """Return a sort key by which `B2` comes before `B10`."""
    parts = _NUMBER.split(name)
    return tuple((text, int(number)) for text, number in zip(parts[0::2], [*parts[1::2], "-1"], strict=True))
