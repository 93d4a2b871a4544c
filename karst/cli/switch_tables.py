"""Tables of a switch and of cables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rich.table import Table

from karst.cli.console import plural
from karst.plan.network.model import Cable, Switch


@dataclass(frozen=True, slots=True)
class SwitchInFull:
    """A switch, and the cables that end there."""

    switch: Switch
    cables: tuple[Cable, ...]


def switch_tables(found: SwitchInFull) -> list[Table]:
    """Return a table of the switch and one of its cables."""
    switch = found.switch
    table = Table(title=switch.name, title_justify="left", box=None, pad_edge=False, show_header=False)
    where = f"{switch.rack}, unit {switch.u}" if switch.rack else f"plant room {switch.plant_room}"
    rows = {
        "role": switch.role.value,
        "device type": switch.device_type,
        "stands in": where,
        "path": switch.path or "not declared",
        "AS number": str(switch.as_number or "none"),
        "loopback": str(switch.loopback or "none"),
        "out of band": str(switch.out_of_band),
        "failure domains": ", ".join(switch.failure_domains),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return [table, cables_table(found.cables)]


def cables_table(found: Collection[Cable]) -> Table:
    """Return a table of cables."""
    table = Table(title=plural(len(found), "cable"), title_justify="left", box=None, pad_edge=False)
    for heading in ("a", "b", "kind", "Gb/s", "take"):
        table.add_column(heading, no_wrap=heading in ("a", "b"))
    for cable in found:
        ends = (f"{end.device} {end.interface}" for end in (cable.a, cable.b))
        table.add_row(*ends, cable.kind.value, str(cable.speed_gbps), cable.length_class)
    return table
