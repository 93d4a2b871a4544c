"""Every cable of a site, as it is to be laid: the one source of neighbours, of what LLDP shall say, and of labels.

A cable whose switch has no port left is none; `karst.plan.checks.fabric` tells of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from karst.plan.model import RackSeat
from karst.plan.network.fabric import Fabric, at, block, border_port, uplink
from karst.plan.network.laying import along_row, between_rooms, lay, speed_gbps
from karst.plan.network.lengths import between_switches, in_plant_room, switch_to_unit
from karst.plan.network.model import Cable, CableKind, End, Switch
from karst.plan.network.out_of_band import out_of_band
from karst.plan.server import seat_of
from karst.site.names import device_name
from karst.site.switches import SwitchRole

HAND_OVER = "hand-over"  # a carrier's interface: what it is called is the carrier's own affair


def cables(made: Fabric) -> Iterator[Cable]:
    """Yield every cable: those that carry traffic, then those out of band."""
    yield from carrying(made)
    yield from out_of_band(made)


def carrying(made: Fabric) -> Iterator[Cable]:
    """Yield fabric, carriers, then hosts rack by rack."""
    for pair in made.leaves.values():
        for leaf in pair:
            yield from uplinks(made, leaf)
    for border in made.borders:
        yield from of_border(made, border)
    for seat in made.plan.racks.values():
        yield from of_rack(made, seat)


def cables_of(made: Fabric, name: str) -> Iterator[Cable]:
    """Yield the cables of one switch, or those that carry a server's traffic. Raises KeyError for any other name."""
    switch = made.plan.switches.get(name)
    if switch is None:
        seat, server = seat_of(made.plan, name)
        yield from of_rack(made, seat, [server.name])
    elif switch.role is SwitchRole.LEAF:
        yield from uplinks(made, switch)
        for seat in made.racks_of(str(switch.of)):
            yield from of_rack(made, seat, only=switch)
    elif switch.role is SwitchRole.SPINE:
        for pair in made.leaves.values():
            for leaf in pair:
                yield from uplinks(made, leaf, only=switch)
        for border in made.borders:
            yield from (cable for cable in of_border(made, border) if cable.a.device == name)
    elif switch.role is SwitchRole.BORDER:
        yield from of_border(made, switch)
    else:
        yield from (cable for cable in out_of_band(made) if cable.a.device == name)


def uplinks(made: Fabric, leaf: Switch, only: Switch | None = None) -> Iterator[Cable]:
    """Yield a leaf's cables to the spines, or to one of them."""
    count, spines = made.plan.site.network.fabric.leaf.uplinks, len(made.spines)
    first, step = (made.spines.index(only), spines) if only else (0, 1)
    for index in range(first, count, step):
        spine, there, here = uplink(made, leaf, index)
        if there and here:
            yield _to_spine(made, End(spine.name, there), End(leaf.name, here), spine, leaf)


def of_border(made: Fabric, border: Switch) -> Iterator[Cable]:
    """Yield a border's cables to the spines, and to its carriers."""
    names = made.ports_of(border).downlinks
    for index, spine in enumerate(made.spines):
        there, here = border_port(made, spine, border), at(names, index)
        if there and here:
            yield _to_spine(made, End(spine.name, there), End(border.name, here), spine, border)
    for index, carrier in enumerate(made.carriers[border.name]):
        if len(made.spines) + index < len(names):
            port = names[-1 - index]
            entrance = made.plan.site.network.carriers[carrier].entrance
            yield lay(
                made,
                CableKind.CARRIER,
                (End(border.name, port), End(carrier, HAND_OVER)),
                speed_gbps(made, border.device_type, port),
                in_plant_room(made.plan),
                (f"plant_room:{border.plant_room}", f"entrance:{entrance}"),
            )


def of_rack(
    made: Fabric, seat: RackSeat, servers: Iterable[str] | None = None, only: Switch | None = None
) -> Iterator[Cable]:
    """Yield the cables of a rack's servers, or of some (short names), to their leaves, or to one of them."""
    layout = made.plan.layout(seat)
    place = made.ranks(seat)
    for turn, leaf in enumerate(made.leaves_of(seat)):
        if only is not None and leaf.name != only.name:
            continue
        free = block(made, leaf, seat)
        for short in layout.servers if servers is None else servers:
            server = layout.servers[short]
            port, interfaces = at(free, place[short]), made.host_interfaces[server.device_type]
            if port and turn < len(interfaces):
                ends = (End(leaf.name, port), End(device_name(seat.name, short), interfaces[turn]))
                speeds = (
                    speed_gbps(made, leaf.device_type, port),
                    speed_gbps(made, server.device_type, interfaces[turn]),
                )
                length_m = switch_to_unit(made.plan, leaf, seat.name, server.u)
                yield lay(made, CableKind.HOST, ends, min(speeds), length_m, along_row(leaf, seat))


def _to_spine(made: Fabric, there: End, here: End, spine: Switch, other: Switch) -> Cable:
    speeds = (
        speed_gbps(made, spine.device_type, there.interface),
        speed_gbps(made, other.device_type, here.interface),
    )
    length_m = between_switches(made.plan, spine, other)
    return lay(made, CableKind.FABRIC, (there, here), min(speeds), length_m, between_rooms(made, spine, other))
