"""The fabric: which port of a switch goes where. Every port follows from what never moves: ordinals, positions, names.

- A leaf's uplinks go to the spines in turn; its ordinal says to which ports of each. Borders take a spine's last ports.
- A leaf's ports to hosts are shared evenly among the positions of its row; in a rack they go by the servers' names.
- Out of band it is the same, with rack PDUs and switches from the end of a rack's ports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from karst.plan.model import Layout, Plan, RackSeat
from karst.plan.naming import natural
from karst.plan.network.model import Switch
from karst.plan.network.switches import Ports, ports
from karst.site.names import rack_name
from karst.site.network import Per
from karst.site.switches import ROUTES, SwitchRole


@dataclass(frozen=True, slots=True)
class Fabric:
    """A plan's switches, found by what they belong to. Made once by `fabric`, for many questions."""

    plan: Plan
    ports: Mapping[str, Ports]  # by device type of a switch
    interface_types: Mapping[str, Mapping[str, str]]  # by device type, by interface
    management: Mapping[str, str | None]  # by device type: the interface, if it has one
    host_interfaces: Mapping[str, tuple[str, ...]]  # by device type: the first goes to leaf a, the second to leaf b
    leaves: Mapping[str, tuple[Switch, ...]]  # by row or rack
    out_of_band: Mapping[str, Switch]  # by row, rack or plant room
    spines: tuple[Switch, ...]  # by ordinal
    borders: tuple[Switch, ...]
    carriers: Mapping[str, tuple[str, ...]]  # by border
    _of_patterns: Mapping[str, Mapping[str, int]]
    _of_changed: Mapping[str, Mapping[str, int]]

    @property
    def uplinks_per_spine(self) -> int:
        """Of a leaf."""
        return self.plan.site.network.fabric.leaf.uplinks // len(self.spines)

    def ports_of(self, switch: Switch) -> Ports:
        """Return a switch's ports."""
        return self.ports[switch.device_type]

    def leaves_of(self, seat: RackSeat) -> tuple[Switch, ...]:
        """Return the pair of leaves that serves a rack."""
        per = self.plan.site.network.fabric.leaf.per
        return self.leaves.get(seat.row if per is Per.ROW else seat.name, ())

    def out_of_band_of(self, seat: RackSeat) -> Switch:
        """Return the switch of a rack's BMCs."""
        per = self.plan.site.network.fabric.out_of_band.per
        return self.out_of_band[seat.row if per is Per.ROW else seat.name]

    def ranks(self, seat: RackSeat) -> Mapping[str, int]:
        """Return the place of each server (short name) among its rack's: the pattern's by name, then its own others."""
        return self._of_changed.get(seat.name) or self._of_patterns[seat.pattern]

    def racks_of(self, owner: str) -> Iterator[RackSeat]:
        """Yield the racks that a row's or rack's switches serve, by position."""
        seat = self.plan.racks.get(owner)
        if seat is not None:
            yield seat
        else:
            yield from (self.plan.racks[name] for name in self._of_row(owner))

    def switches_of(self, halls: frozenset[str]) -> tuple[Switch, ...]:
        """Return the switches that route in some halls, or in all if none is given; spines and borders in any case."""
        found = (switch for switch in self.plan.switches.values() if switch.role in ROUTES)
        return tuple(each for each in found if not halls or each.of is None or self._hall(each.of) in halls)

    def _hall(self, owner: str) -> str:
        seat = self.plan.racks.get(owner)
        return seat.hall if seat else self.plan.rows[owner].hall

    def _of_row(self, row: str) -> list[str]:
        positions = range(1, self.plan.site.spaces.rows[row].positions + 1)
        return [name for position in positions if (name := rack_name(row, position)) in self.plan.racks]


def fabric(plan: Plan) -> Fabric:
    """Return a plan's fabric."""
    by_role: dict[SwitchRole, list[Switch]] = {role: [] for role in SwitchRole}
    for switch in plan.switches.values():
        by_role[switch.role].append(switch)
    leaves: dict[str, tuple[Switch, ...]] = {}
    for leaf in sorted(by_role[SwitchRole.LEAF], key=lambda each: each.name):
        leaves[str(leaf.of)] = (*leaves.get(str(leaf.of), ()), leaf)
    network = plan.site.network
    by_room: dict[str, tuple[str, ...]] = {}
    for name in sorted(network.carriers, key=natural):
        room = network.carriers[name].plant_room
        by_room[room] = (*by_room.get(room, ()), name)
    carriers = {border: by_room.get(there.plant_room, ()) for border, there in network.borders.items()}
    types = {switch.device_type for switch in plan.switches.values()}
    interfaces = {slug: kind.interfaces for slug, kind in plan.site.device_types.items()}
    return Fabric(
        plan=plan,
        ports={name: ports(plan.site, name) for name in types},
        interface_types={slug: {each.name: each.type for each in found} for slug, found in interfaces.items()},
        management={
            slug: next((each.name for each in found if each.mgmt_only), None) for slug, found in interfaces.items()
        },
        host_interfaces={
            slug: tuple(each.name for each in found if not each.mgmt_only) for slug, found in interfaces.items()
        },
        leaves=MappingProxyType(leaves),
        out_of_band={str(each.of or each.plant_room): each for each in by_role[SwitchRole.OUT_OF_BAND]},
        spines=tuple(sorted(by_role[SwitchRole.SPINE], key=lambda each: each.ordinal)),
        borders=tuple(sorted(by_role[SwitchRole.BORDER], key=lambda each: each.ordinal)),
        carriers=MappingProxyType(carriers),
        _of_patterns={name: _ranks(plan, name, layout) for name, layout in plan.patterns.items()},
        _of_changed={
            name: _ranks(plan, plan.racks[name].pattern, layout)
            for name, layout in plan.changed.items()
            if name in plan.racks
        },
    )


def at(names: tuple[str, ...], index: int) -> str | None:
    """Return the port at `index`, from the end if it is below 0; None if the switch has too few, as the checks tell."""
    return names[index] if -len(names) <= index < len(names) else None


def uplink(made: Fabric, leaf: Switch, index: int) -> tuple[Switch, str | None, str | None]:
    """Return the spine of a leaf's uplink, its port there, and the leaf's own."""
    turn, place = divmod(index, len(made.spines))
    spine = made.spines[place]
    there = at(made.ports_of(spine).downlinks, leaf.ordinal * made.uplinks_per_spine + turn)
    return spine, there, at(made.ports_of(leaf).uplinks, index)


def border_port(made: Fabric, spine: Switch, border: Switch) -> str | None:
    """Return a border's port on a spine: from the last one down."""
    return at(made.ports_of(spine).downlinks, -1 - border.ordinal)


def block(made: Fabric, switch: Switch, seat: RackSeat) -> tuple[str, ...]:
    """Return a leaf's or out-of-band switch's ports for a rack."""
    names = made.ports_of(switch).downlinks
    if switch.of == seat.name:
        return names
    size = len(names) // made.plan.site.spaces.rows[seat.row].positions
    return names[(seat.position - 1) * size : seat.position * size]


def _ranks(plan: Plan, pattern: str, layout: Layout) -> dict[str, int]:
    of_pattern = plan.site.racks.patterns[pattern].servers
    ordered = sorted(layout.servers, key=lambda name: (name not in of_pattern, natural(name)))
    return {name: index for index, name in enumerate(ordered)}
