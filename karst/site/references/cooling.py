"""References of `cooling.yml`: rows to zones, units to zones, loops, rooms and power."""

from __future__ import annotations

from karst.site.cooling import CoolingFile, LoopKind
from karst.site.draft import Draft
from karst.site.problems import Problems
from karst.site.references.power import power_names
from karst.site.references.refer import refer, refer_all
from karst.site.spaces import Carries


def check_cooling(draft: Draft, problems: Problems) -> None:
    """Pass: every row, zone, loop, plant room, entrance and power node that is named exists."""
    document, cooling = draft.cooling, draft.cooling.model
    if cooling is None:
        return
    power, rooms = power_names(draft), draft.spaces.names("plant_rooms")
    zones, loops = document.names("zones"), document.names("loops")
    for name, unit in cooling.units.items():
        refer(document, ("units", name, "zone"), unit.zone, "cooling zone", zones, problems)
        refer_all(document, ("units", name, "fed_from"), unit.fed_from, "power node", power, problems)
        refer_all(document, ("units", name, "loops"), unit.loops, "loop", loops, problems)
        if unit.plant_room is not None:
            refer(document, ("units", name, "plant_room"), unit.plant_room, "plant room", rooms, problems)
    for name, loop in cooling.loops.items():
        refer_all(document, ("loops", name, "fed_from"), loop.fed_from, "power node", power, problems)
    _entrances(draft, cooling, problems)
    _zones(draft, cooling, problems)
    _rows_cooled(draft, problems)


def _entrances(draft: Draft, cooling: CoolingFile, problems: Problems) -> None:
    """Pass: a loop of outside air names an entrance, and that entrance carries air."""
    document, spaces = draft.cooling, draft.spaces.model
    for name, loop in cooling.loops.items():
        path = ("loops", name, "entrance")
        if loop.entrance is None:
            if loop.kind is LoopKind.OUTSIDE_AIR:
                problems.error(
                    document.file, document.line("loops", name), f"loops.{name} has no entrance", "where the air enters"
                )
            continue
        known = refer(document, path, loop.entrance, "entrance", draft.spaces.names("entrances"), problems)
        entrance = spaces.entrances.get(loop.entrance) if spaces and known else None
        if entrance and loop.kind is LoopKind.OUTSIDE_AIR and Carries.AIR not in entrance.carries:
            problems.error(
                document.file,
                document.line(*path),
                f'loops.{name}: entrance "{loop.entrance}" does not carry air',
                "one that does",
            )


def _zones(draft: Draft, cooling: CoolingFile, problems: Problems) -> None:
    """Pass: rows exist, no row is in two zones, and every zone has a unit."""
    document, rows = draft.cooling, draft.spaces.names("rows")
    seen: dict[str, str] = {}
    for name, zone in cooling.zones.items():
        refer_all(document, ("zones", name, "rows"), zone.rows, "row", rows, problems)
        for row in dict.fromkeys(zone.rows):
            first = seen.setdefault(row, name)
            if first != name:
                problems.error(
                    document.file,
                    document.line("zones", name, "rows"),
                    f"row {row} is in zone {name} and in zone {first}",
                    "every row in one zone",
                )
    if document.names("units") != cooling.units.keys():
        return  # a unit with faults may be the one
    cooled = {unit.zone for unit in cooling.units.values()}
    for name in cooling.zones:
        if name not in cooled:
            problems.error(
                document.file, document.line("zones", name), f"no unit cools zone {name}", "a unit with this zone"
            )


def _rows_cooled(draft: Draft, problems: Problems) -> None:
    """Pass: every row that has racks is in a zone."""
    cooling, racks = draft.cooling.model, draft.racks
    if cooling is None or draft.cooling.names("zones") != cooling.zones.keys():
        return
    zoned = {row for zone in cooling.zones.values() for row in zone.rows}
    known = draft.spaces.names("rows") or frozenset()
    for row in racks.model.rows if racks.model else ():
        if row in known and row not in zoned:
            problems.error(
                racks.file,
                racks.line("rows", row),
                f"row {row} is in no cooling zone",
                "a zone in cooling.yml that lists it",
            )
