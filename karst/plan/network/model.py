"""What a plan says of the network. See docs/network.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

from karst.site.switches import SwitchRole


class NeighbourRole(StrEnum):
    """What is at the other end of a link of the fabric."""

    HOST = "host"
    LEAF = "leaf"
    SPINE = "spine"
    BORDER = "border"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch, all decided."""

    name: str  # "h1-r1-leaf-a", "spine-01", "border-1"
    role: SwitchRole
    device_type: str
    as_number: int | None  # None: it routes nothing (out of band)
    loopback: IPv4Address | None
    out_of_band: IPv4Address  # of its management port
    ordinal: int  # among those of its role
    of: str | None  # the row or rack that it belongs to; None: to the site
    path: str | None  # that feeds it; None: a spine or border, of which nobody has said
    rack: str | None  # where it stands; None: in a plant room
    u: int | None  # its lowest rack unit
    height_u: int
    plant_room: str | None
    failure_domains: tuple[str, ...]  # sorted, "<kind>:<name>"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cable: a device (a server, switch, rack PDU or carrier, by full name) and its interface."""

    device: str
    interface: str


class CableKind(StrEnum):
    """What a cable carries."""

    HOST = "host"  # leaf to server
    FABRIC = "fabric"  # spine to leaf or border
    CARRIER = "carrier"  # border to a carrier's hand-over
    OUT_OF_BAND = "out_of_band"  # out-of-band switch to BMC, rack PDU, switch


@dataclass(frozen=True, slots=True)
class Cable:
    """A cable as it is to be laid. `a` is the end nearer to the spines."""

    label: str  # what is on both its ends: "<a.device>:<a.interface>--<b.device>:<b.interface>"
    kind: CableKind
    a: End
    b: End
    speed_gbps: int
    length_m: float
    length_class: str  # of the stock lengths, "3 m"
    # The spaces that it leads through from `a` to `b`, "row:h1-r1"; a carrier's ends at an entrance.
    route: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the fabric as one of its ends is told of it."""

    interface: str
    neighbour: str
    neighbour_interface: str
    neighbour_role: NeighbourRole
    neighbour_as_number: int
    neighbour_loopback: IPv4Address | None  # None: a carrier's
    speed_gbps: int
    cable: str  # its label


@dataclass(frozen=True, slots=True)
class CarrierPolicy:
    """How a border treats one carrier; see `karst.site.network.Carrier`."""

    as_number: int
    preference: int
    max_prefixes: int
    drained: bool  # it, or its entrance


@dataclass(frozen=True, slots=True)
class Node:
    """A device that routes, and all that its configuration is made of: nothing else of the plan is looked at."""

    name: str
    role: NeighbourRole  # HOST, LEAF, SPINE or BORDER
    as_number: int
    loopback: IPv4Address
    links: tuple[Link, ...]  # in the order of the device type's interfaces
    fabric_prefixes: tuple[IPv4Network, ...]  # loopbacks of hosts and of switches: what the fabric itself may carry
    own_prefixes: tuple[IPv4Network, ...]  # what carriers are told of
    carriers: Mapping[str, CarrierPolicy]  # by carrier; of a border alone
    ecmp_width: int  # next hops that the kernel must have: for the default (host, leaf), for a host (spine, border)
