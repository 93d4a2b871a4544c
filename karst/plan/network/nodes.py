"""What each device that routes is told: its neighbours and its policy, and nothing else of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address
from types import MappingProxyType

from karst.plan.network.cables import cables_of
from karst.plan.network.fabric import Fabric
from karst.plan.network.model import Cable, CarrierPolicy, Link, NeighbourRole, Node, Switch
from karst.plan.server import seat_of, server
from karst.site.names import device_name
from karst.site.switches import ROUTES


def nodes(made: Fabric) -> Iterator[Node]:
    """Yield every node: switches, then hosts."""
    for name, switch in made.plan.switches.items():
        if switch.role in ROUTES:
            yield node(made, name)
    for seat in made.plan.racks.values():
        for short in made.plan.layout(seat).servers:
            yield node(made, device_name(seat.name, short))


def node(made: Fabric, name: str) -> Node:
    """Return the node of a switch or server. Raises KeyError for one that is not in the plan, or that routes not."""
    role, as_number, loopback = _who(made, name)
    if loopback is None:
        raise KeyError(name)  # a carrier
    network, switch = made.plan.site.network, made.plan.switches.get(name)
    links = [_link(made, cable, name) for cable in cables_of(made, name)]
    device_type = switch.device_type if switch else seat_of(made.plan, name)[1].device_type
    order = {interface: index for index, interface in enumerate(made.interface_types[device_type])}
    return Node(
        name=name,
        role=role,
        as_number=as_number,
        loopback=loopback,
        links=tuple(sorted(links, key=lambda link: order[link.interface])),
        fabric_prefixes=(network.prefixes.loopbacks, network.prefixes.switch_loopbacks),
        own_prefixes=network.own_prefixes,
        carriers=_policies(made, switch) if switch else MappingProxyType({}),
        ecmp_width=_width(made, role),
    )


def _width(made: Fabric, role: NeighbourRole) -> int:
    """Return how many next hops the plan gives: a host's default its leaves, a spine's host route a pair's leaves."""
    if role is NeighbourRole.HOST:
        return 2
    if role is NeighbourRole.SPINE:
        return 2 * made.uplinks_per_spine
    return len(made.spines) * (made.uplinks_per_spine if role is NeighbourRole.LEAF else 1)


def _policies(made: Fabric, border: Switch) -> Mapping[str, CarrierPolicy]:
    network = made.plan.site.network
    found = {}
    for name in made.carriers.get(border.name, ()):
        carrier = network.carriers[name]
        found[name] = CarrierPolicy(
            as_number=carrier.as_number,
            preference=carrier.preference,
            max_prefixes=carrier.max_prefixes,
            drained=network.is_drained(name),
        )
    return MappingProxyType(found)


def _link(made: Fabric, cable: Cable, name: str) -> Link:
    mine, other = (cable.a, cable.b) if cable.a.device == name else (cable.b, cable.a)
    role, as_number, loopback = _who(made, other.device)
    return Link(
        interface=mine.interface,
        neighbour=other.device,
        neighbour_interface=other.interface,
        neighbour_role=role,
        neighbour_as_number=as_number,
        neighbour_loopback=loopback,
        speed_gbps=cable.speed_gbps,
        cable=cable.label,
    )


def _who(made: Fabric, name: str) -> tuple[NeighbourRole, int, IPv4Address | None]:
    """Return role, AS number and loopback of a device. Raises KeyError as `node` does."""
    switch = made.plan.switches.get(name)
    if switch is not None:
        if switch.as_number is None:
            raise KeyError(name)
        return NeighbourRole(switch.role.value), switch.as_number, switch.loopback
    carrier = made.plan.site.network.carriers.get(name)
    if carrier is not None:
        return NeighbourRole.CARRIER, carrier.as_number, None
    host = server(made.plan, name)
    return NeighbourRole.HOST, made.plan.racks[host.rack].as_number, host.loopback
