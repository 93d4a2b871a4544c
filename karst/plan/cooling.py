"""Which cooling zone cools a row."""

from __future__ import annotations

from collections.abc import Mapping

from karst.site.cooling import CoolingFile


def zones_of_rows(cooling: CoolingFile) -> Mapping[str, tuple[str, ...]]:
    """Return the zones that name each row, sorted; a sound site has one a row."""
    found: dict[str, list[str]] = {}
    for name, zone in sorted(cooling.zones.items()):
        for row in zone.rows:
            found.setdefault(row, []).append(name)
    return {row: tuple(zones) for row, zones in found.items()}
