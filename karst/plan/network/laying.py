"""A single cable: its label, its length in stock, the way it takes."""

from __future__ import annotations

import re

from karst.plan.model import RackSeat
from karst.plan.network.fabric import Fabric
from karst.plan.network.lengths import stock_length
from karst.plan.network.model import Cable, CableKind, End, Switch

_SPEED = re.compile(r"(\d+)(g?)base")


def lay(
    made: Fabric, kind: CableKind, ends: tuple[End, End], speed: int, length_m: float, route: tuple[str, ...]
) -> Cable:
    """Return the cable between two ends; `speed` in Gb/s."""
    a, b = ends
    label = f"{a.device}:{a.interface}--{b.device}:{b.interface}"
    return Cable(label, kind, a, b, speed, round(length_m, 2), stock_length(made.plan, length_m), route)


def speed_gbps(made: Fabric, device_type: str, interface: str) -> int:
    """Return an interface's speed by its type in the library: 25 of `25gbase-x-sfp28`, 1 of `1000base-t`; else 0."""
    found = _SPEED.match(made.interface_types[device_type][interface])
    if found is None:
        return 0
    return int(found[1]) if found[2] else int(found[1]) // 1000


def along_row(switch: Switch, seat: RackSeat) -> tuple[str, ...]:
    """Return the way from a row's or rack's switch to one of its racks."""
    if switch.rack == seat.name:
        return (f"rack:{seat.name}",)
    return (f"rack:{switch.rack}", f"row:{seat.row}", f"rack:{seat.name}")


def between_rooms(made: Fabric, one: Switch, other: Switch) -> tuple[str, ...]:
    """Return the way from a switch in a plant room to another switch."""
    return tuple(dict.fromkeys((*_out_of(made, one), *reversed(_out_of(made, other)))))


def _out_of(made: Fabric, switch: Switch) -> tuple[str, ...]:
    if switch.rack is None:
        return (f"plant_room:{switch.plant_room}",)
    seat = made.plan.racks[switch.rack]
    return (f"rack:{seat.name}", f"row:{seat.row}", f"hall:{seat.hall}")
