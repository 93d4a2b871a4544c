"""Cables out of band: BMCs by the servers' names, rack PDUs and switches from the end of a rack's ports."""

from __future__ import annotations

from collections.abc import Iterator

from karst.plan.model import Layout, RackSeat
from karst.plan.network.fabric import Fabric, at, block
from karst.plan.network.laying import along_row, lay
from karst.plan.network.lengths import in_plant_room, switch_to_unit
from karst.plan.network.model import Cable, CableKind, End
from karst.site.names import device_name
from karst.site.switches import is_second_leaf

_SPEED_GBPS = 1


def out_of_band(made: Fabric) -> Iterator[Cable]:
    """Yield every such cable: rack by rack, then those of plant rooms."""
    for seat in made.plan.racks.values():
        yield from _of_rack(made, seat)
    yield from _of_rooms(made)


def _of_rack(made: Fabric, seat: RackSeat) -> Iterator[Cable]:
    layout, switch = made.plan.layout(seat), made.out_of_band_of(seat)
    free = block(made, switch, seat)
    for index, device, device_type, u in asked(made, seat, layout):
        port, interface = at(free, index), made.management[device_type]
        if port and interface:
            ends = (End(switch.name, port), End(device, interface))
            length_m = switch_to_unit(made.plan, switch, seat.name, u)
            way = along_row(switch, seat)
            yield lay(made, CableKind.OUT_OF_BAND, ends, _SPEED_GBPS, length_m, way)


def asked(made: Fabric, seat: RackSeat, layout: Layout) -> Iterator[tuple[int, str, str, int]]:
    """Yield what needs a port in a rack: which of the rack's ports (below 0: from the end), name, device type, unit."""
    place = made.ranks(seat)
    for short, server in layout.servers.items():
        yield place[short], device_name(seat.name, short), server.device_type, server.u
    for index, (short, pdu) in enumerate(layout.pdus.items()):
        yield -1 - index, device_name(seat.name, short), pdu.device_type, layout.height_u
    for leaf in made.leaves_of(seat):
        if leaf.rack == seat.name:
            index = len(layout.pdus) + int(is_second_leaf(leaf.name))
            yield -1 - index, leaf.name, leaf.device_type, leaf.u or layout.height_u


def _of_rooms(made: Fabric) -> Iterator[Cable]:
    """Yield those of plant rooms: spines from the first port on, borders from the last one down."""
    for kind, switches in ((1, made.spines), (-1, made.borders)):
        for other in switches:
            switch = made.out_of_band[str(other.plant_room)]
            index = other.ordinal if kind == 1 else -1 - other.ordinal
            port, interface = at(made.ports_of(switch).downlinks, index), made.management[other.device_type]
            if port and interface:
                ends = (End(switch.name, port), End(other.name, interface))
                way = (f"plant_room:{other.plant_room}",)
                yield lay(made, CableKind.OUT_OF_BAND, ends, _SPEED_GBPS, in_plant_room(made.plan), way)
