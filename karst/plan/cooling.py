"""Which cooling zone cools a row."""

from __future__ import annotations

from collections.abc import Mapping

from karst.site.cooling import CoolingFile


def zones_of_rows(cooling: CoolingFile) -> Mapping[str, str]:
    """Return the zone of each row; a loaded site has exactly one."""
    return {row: name for name, zone in cooling.zones.items() for row in zone.rows}
