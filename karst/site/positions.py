"""Rack positions of a row, as people write them: `1-3,5`."""

from __future__ import annotations


def positions(text: str) -> tuple[int, ...]:
    """Return the positions that `text` names, in its order; `text` matches the pattern of `RowOfRacks.positions`.

    A backward range (`5-3`) names none; a position may come twice. Both are the loader's to report.
    """
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.extend(range(int(first), int(last or first) + 1))
    return tuple(found)
