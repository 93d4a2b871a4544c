"""Checks of carriers and borders in `network.yml`."""

from __future__ import annotations

from karst.site.draft import Draft
from karst.site.network import NetworkFile
from karst.site.problems import Problems
from karst.site.references.refer import refer, refer_all
from karst.site.spaces import Carries


def check_carriers(draft: Draft, network: NetworkFile, problems: Problems) -> None:
    """Pass: carriers enter where fibre does, into rooms with a border; a room has one border at most."""
    document, spaces = draft.network, draft.spaces.model
    entrances, rooms = draft.spaces.names("entrances"), draft.spaces.names("plant_rooms")
    borders: dict[str, str] = {}
    for name, border in network.borders.items():
        path = ("borders", name, "plant_room")
        refer(document, path, border.plant_room, "plant room", rooms, problems)
        first = borders.setdefault(border.plant_room, name)
        if first != name:
            what = f"borders.{name}: plant room {border.plant_room} has {first} already"
            problems.error(document.file, document.line(*path), what, "one border a room")
    for name, carrier in network.carriers.items():
        path = ("carriers", name, "entrance")
        known = refer(document, path, carrier.entrance, "entrance", entrances, problems)
        entrance = spaces.entrances.get(carrier.entrance) if spaces and known else None
        if entrance and Carries.FIBRE not in entrance.carries:
            what = f'carriers.{name}: entrance "{carrier.entrance}" does not carry fibre'
            problems.error(document.file, document.line(*path), what, "one that does")
        room, path = carrier.plant_room, ("carriers", name, "plant_room")
        if refer(document, path, room, "plant room", rooms, problems) and room not in borders:
            what = f"carriers.{name}: plant room {room} has no border to take it over"
            problems.error(document.file, document.line(*path), what, "a border there, or a room that has one")
    refer_all(document, ("entrances_drained",), network.entrances_drained, "entrance", entrances, problems)
