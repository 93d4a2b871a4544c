"""Which switches a site has, by name: spines, borders, and a row's or rack's pair of leaves and out-of-band switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from karst.site.base import Name
from karst.site.names import seats
from karst.site.network import NetworkFile, Per
from karst.site.racks import RacksFile

LEAVES = ("leaf-a", "leaf-b")
OUT_OF_BAND = "oob"


class SwitchRole(StrEnum):
    """What a switch is for."""

    LEAF = "leaf"
    SPINE = "spine"
    BORDER = "border"
    OUT_OF_BAND = "out_of_band"


# Those that have a loopback, and of them those whose AS number is their own.
ROUTES = (SwitchRole.LEAF, SwitchRole.SPINE, SwitchRole.BORDER)
OWN_AS_NUMBER = (SwitchRole.LEAF, SwitchRole.BORDER)


@dataclass(frozen=True, slots=True)
class DeclaredSwitch:
    """A switch and where it belongs: to a row or a rack (`of`), or into a plant room."""

    role: SwitchRole
    device_type: Name
    of: Name | None = None
    plant_room: Name | None = None


def switches_of(network: NetworkFile, racks: RacksFile) -> Mapping[str, DeclaredSwitch]:
    """Return every switch by name: those in plant rooms, then as racks.yml lists rows."""
    fabric = network.fabric
    rooms = fabric.spine.plant_rooms
    found = {
        spine_name(index): DeclaredSwitch(
            SwitchRole.SPINE, fabric.spine.device_type, plant_room=rooms[index % len(rooms)]
        )
        for index in range(fabric.spine.count)
    }
    for name, border in network.borders.items():
        found[name] = DeclaredSwitch(SwitchRole.BORDER, border.device_type, plant_room=border.plant_room)
    for room in dict.fromkeys(switch.plant_room for switch in found.values()):
        found[f"{room}-{OUT_OF_BAND}"] = DeclaredSwitch(
            SwitchRole.OUT_OF_BAND, fabric.out_of_band.device_type, plant_room=room
        )
    known = seats(racks)
    of_each = {Per.ROW: list(racks.rows), Per.RACK: list(known)}
    for owner in of_each[fabric.leaf.per]:
        for short in LEAVES:
            found[f"{owner}-{short}"] = DeclaredSwitch(SwitchRole.LEAF, fabric.leaf.device_type, of=owner)
    for owner in of_each[fabric.out_of_band.per]:
        found[f"{owner}-{OUT_OF_BAND}"] = DeclaredSwitch(
            SwitchRole.OUT_OF_BAND, fabric.out_of_band.device_type, of=owner
        )
    return found


def is_second_leaf(name: str) -> bool:
    """Return whether a switch is leaf b of its pair."""
    return name.endswith(f"-{LEAVES[1]}")


def spine_name(index: int) -> str:
    """Return `spine-01` for 0."""
    return f"spine-{index + 1:02d}"
