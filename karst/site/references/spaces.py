"""References within `spaces.yml`."""

from __future__ import annotations

import re

from karst.site.draft import Draft
from karst.site.problems import Problems
from karst.site.references.refer import refer, refer_all

_LIKE_A_RACK = re.compile(r"(.+)-\d\d\Z")


def check_spaces(draft: Draft, problems: Problems) -> None:
    """Pass: every cavern, fire compartment and hall that is named exists."""
    document, spaces = draft.spaces, draft.spaces.model
    if spaces is None:
        return
    caverns, compartments = document.names("caverns"), document.names("fire_compartments")
    for name, entrance in spaces.entrances.items():
        refer_all(document, ("entrances", name, "caverns"), entrance.caverns, "cavern", caverns, problems)
    for name, compartment in spaces.fire_compartments.items():
        refer(document, ("fire_compartments", name, "cavern"), compartment.cavern, "cavern", caverns, problems)
    for kind, rooms in (("halls", spaces.halls), ("plant_rooms", spaces.plant_rooms)):
        for name, room in rooms.items():
            path = (kind, name, "fire_compartment")
            refer(document, (kind, name, "cavern"), room.cavern, "cavern", caverns, problems)
            refer(document, path, room.fire_compartment, "fire compartment", compartments, problems)
            around = spaces.fire_compartments.get(room.fire_compartment)
            known = caverns is not None and around is not None and {around.cavern, room.cavern} <= caverns
            if known and around and around.cavern != room.cavern:
                compartment_at = f"its fire compartment {room.fire_compartment} in {around.cavern}"
                what = f"{kind}.{name} is in cavern {room.cavern}, {compartment_at}"
                problems.error(document.file, document.line(*path), what, "both in one cavern")
    _rows(draft, problems)


def _rows(draft: Draft, problems: Problems) -> None:
    """Pass: each row's hall exists, and no row is called as another row's rack is (their devices would share names)."""
    document, spaces = draft.spaces, draft.spaces.model
    assert spaces is not None  # noqa: S101 - the caller has looked
    halls = document.names("halls")
    for name, row in spaces.rows.items():
        refer(document, ("rows", name, "hall"), row.hall, "hall", halls, problems)
        rack = _LIKE_A_RACK.match(name)
        if rack and rack[1] in spaces.rows:
            problems.error(
                document.file,
                document.line("rows", name),
                f'row "{name}" is called like a rack of row "{rack[1]}"',
                "a name that no rack has",
            )
