"""What a plan says. A `Plan` is small; `karst.plan.rack.rack(plan, name)` derives a rack's detail when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from karst.plan.network.model import Switch
from karst.site.assets import Asset
from karst.site.base import Hold, Status
from karst.site.model import Site
from karst.site.problems import SiteError
from karst.site.racks import ServerRole


@dataclass(frozen=True, slots=True)
class Cord:
    """From a server's power port to a rack PDU's outlet."""

    power_port: str  # as the server's device type names it, "PSU1"
    pdu: str  # full name, "h1-r1-01-pdu-a"
    outlet: str  # as the PDU's device type names it, "1"
    branch: str  # of that PDU, "B1"
    path: str  # "A"


@dataclass(frozen=True, slots=True)
class Server:
    """A server, all decided."""

    name: str  # "h1-r1-01-s03"
    rack: str
    device_type: str
    u: int  # lowest rack unit, counted from the bottom
    height_u: int
    status: Status
    hold: Hold | None
    role: ServerRole
    cluster: str | None
    out_of_band: IPv4Address  # of its BMC
    loopback: IPv4Address
    cords: tuple[Cord, ...]
    cooling_zone: str
    failure_domains: tuple[str, ...]  # sorted, "<kind>:<name>"; see docs/plan.md
    budget_w: float
    settings: Mapping[str, str]  # BIOS attributes by the maker's names and words
    image: str | None  # URL of the installer; None: others install it
    asset: Asset | None  # None: not delivered


@dataclass(frozen=True, slots=True)
class BranchLoad:
    """A branch circuit of a rack PDU and what hangs on it."""

    name: str
    rating_a: float
    outlets: tuple[str, ...]
    load_w: float  # all paths alive, PSUs sharing evenly
    load_one_path_w: float  # the other path lost


@dataclass(frozen=True, slots=True)
class Pdu:
    """A rack PDU, all decided."""

    name: str
    rack: str
    device_type: str
    path: str
    busway: str
    feed_a: float
    voltage_v: float
    status: Status
    hold: Hold | None
    out_of_band: IPv4Address
    branches: tuple[BranchLoad, ...]
    load_w: float
    load_one_path_w: float
    asset: Asset | None


@dataclass(frozen=True, slots=True)
class Rack:
    """A rack in full."""

    name: str
    hall: str
    row: str
    position: int
    ordinal: int
    height_u: int
    budget_w: float
    as_number: int
    cooling_zone: str
    servers: Mapping[str, Server]  # by full name, from the bottom up
    pdus: Mapping[str, Pdu]  # by full name
    switches: Mapping[str, Switch]  # by name


@dataclass(frozen=True, slots=True)
class RackSeat:
    """Where a rack stands and which numbers it was given: what the plan keeps of every rack."""

    name: str
    hall: str
    row: str
    position: int
    pattern: str
    ordinal: int
    out_of_band: IPv4Network
    loopbacks: IPv4Network
    as_number: int


@dataclass(frozen=True, slots=True)
class Row:
    """Where a row stands and what feeds and cools it: the same for each of its racks."""

    name: str
    hall: str
    cluster: str | None
    cooling_zone: str
    busways: Mapping[str, str]  # by path
    failure_domains: tuple[str, ...]  # of the space and the air, but for the rack itself
    path_domains: Mapping[str, tuple[str, ...]]  # of each path: the busway and the UPSes above it


@dataclass(frozen=True, slots=True)
class ServerInLayout:
    """A server of a layout. Names are short (`s03`), cords name their PDU in short (`pdu-a`)."""

    name: str
    device_type: str
    u: int
    height_u: int
    status: Status | None  # None: as the row says
    hold: Hold | None
    role: ServerRole
    cords: tuple[Cord, ...]
    budget_w: float
    settings: Mapping[str, str]  # BIOS attributes by the maker's names and words
    image: str | None  # URL of the installer


@dataclass(frozen=True, slots=True)
class PduInLayout:
    """A rack PDU of a layout. `loads_w` is by the path that is lost, "" for none."""

    name: str
    device_type: str
    path: str
    feed_a: float
    voltage_v: float
    status: Status | None  # None: as the row says
    hold: Hold | None
    branches: tuple[BranchLoad, ...]
    loads_w: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands in the racks of a pattern, or in one rack that differs; worked out once for all of them."""

    where: tuple[str, str]  # in racks.yml: ("patterns", "compute") or ("racks", "h1-r1-03")
    height_u: int
    budget_w: float
    paths: tuple[str, ...]  # in the order in which power ports take them
    servers: Mapping[str, ServerInLayout]  # by short name, from the bottom up
    pdus: Mapping[str, PduInLayout]  # by short name, sorted


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole site, all decided. `hash` is the SHA-256 over site and allocations in canonical form, hex."""

    site: Site
    racks: Mapping[str, RackSeat]  # by name, in order of halls, rows and positions
    rows: Mapping[str, Row]  # those that racks.yml fills
    patterns: Mapping[str, Layout]  # by pattern
    changed: Mapping[str, Layout]  # by rack, of those that differ from their pattern
    switches: Mapping[str, Switch]  # by name, as karst.site.switches lists them
    hash: str

    def layout(self, seat: RackSeat) -> Layout:
        """Return what stands in the rack at `seat`."""
        return self.changed.get(seat.name) or self.patterns[seat.pattern]


class PlanError(SiteError):
    """A site that no plan can be made of, with every reason (`problems`)."""
