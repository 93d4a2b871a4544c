"""What was read of a site, in Karst's words whatever the maker's: the input of all judging, and plain JSON.

None is what was not read; `gaps` says why, by the section's name or `section.part`. Parts go by the BMC's own ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import ConfigDict, TypeAdapter, with_config

_STRICT = ConfigDict(extra="forbid")
_NONE: Mapping[str, Any] = MappingProxyType({})


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Anything that may be missing or ill: Redfish's State (`Enabled`, `Absent`, …) and Health (`OK`, …)."""

    state: str | None = None
    health: str | None = None

    @property
    def is_there(self) -> bool:
        """Whether the slot is filled."""
        return self.state != "Absent"

    @property
    def is_well(self) -> bool | None:
        """Enabled and OK; None if the BMC does not say."""
        if self.health is None or self.state is None:
            return None if self.health in (None, "OK") else False
        return self.state == "Enabled" and self.health == "OK"


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Supply(Part):
    """A power supply. `input_status` is Redfish's LineInputStatus, which older BMCs lack."""

    input_status: str | None = None
    input_v: float | None = None
    input_w: float | None = None
    capacity_w: float | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Fan(Part):
    """A fan. Speed in revolutions a minute or percent of the fastest, whichever the BMC gives."""

    speed_rpm: float | None = None
    speed_percent: float | None = None

    @property
    def turns(self) -> bool | None:
        """None if the BMC gives no speed."""
        speeds = [each for each in (self.speed_rpm, self.speed_percent) if each is not None]
        return any(each > 0 for each in speeds) if speeds else None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Processor(Part):
    """A processor."""

    model: str | None = None
    cores: int | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Module(Part):
    """A memory module. `error_correction` is Redfish's: `NoECC`, `SingleBitECC`, `MultiBitECC`, `AddressParity`."""

    capacity_mib: int | None = None
    error_correction: str | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Drive(Part):
    """A drive."""

    capacity_bytes: int | None = None
    failure_predicted: bool | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Interface(Part):
    """A network interface. `link` is Redfish's LinkStatus: `LinkUp`, `LinkDown`, `NoLink`."""

    link: str | None = None
    speed_mbps: int | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedThing:
    """What all that is looked at has in common. `unread`: why nothing at all was read."""

    unread: str = ""
    gaps: Mapping[str, str] = field(default_factory=lambda: _NONE)


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedDevice(ObservedThing):
    """What servers and rack PDUs have in common. `foreign`: who is there."""

    foreign: str = ""
    firmware: Mapping[str, str] | None = None  # component (`bmc`, `bios`, …) -> version


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedServer(ObservedDevice):
    """A server. `power` is Redfish's PowerState."""

    power: str | None = None
    supplies: Mapping[str, Supply] | None = None
    fans: Mapping[str, Fan] | None = None
    inlet_c: float | None = None
    exhaust_c: float | None = None
    leaks: Mapping[str, str] | None = None  # detector -> DetectorState (`OK`, `Warning`, `Critical`, …)
    processors: Mapping[str, Processor] | None = None
    memory: Mapping[str, Module] | None = None
    drives: Mapping[str, Drive] | None = None
    interfaces: Mapping[str, Interface] | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An outlet of a rack PDU, metered."""

    power: str | None = None
    watts: float | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker(Part):
    """A branch circuit or the mains input. `breaker` is Redfish's BreakerState: `Normal`, `Tripped`, `Off`."""

    breaker: str | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedPdu(ObservedDevice):
    """A rack PDU."""

    mains: Mapping[str, Breaker] | None = None
    branches: Mapping[str, Breaker] | None = None
    outlets: Mapping[str, Outlet] | None = None


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A host's clock, by chrony. `follows`: address of the source, None if it follows none."""

    follows: str | None = None
    offset_s: float  # of the clock to the time that chrony reckons
    delay_s: float  # to the reference clock and back
    dispersion_s: float

    @property
    def error_s(self) -> float:
        """How wrong it may be at most, if what it follows is right (chronyc(1), `tracking`)."""
        return abs(self.offset_s) + self.dispersion_s + self.delay_s / 2


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSource:
    """A time source as a host sees it. `mark` is chrony's: `*` followed, `x` called false, …"""

    mark: str
    answers: bool  # one of the last eight times
    offset_s: float  # of the source to the host's clock, when it last answered
    error_s: float  # how wrong that may be


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHost(ObservedThing):
    """A server's operating system, as it says itself."""

    name: str | None = None
    key_id: str | None = None  # what the SSH CA says of its key: `<server> <URL of the image>`
    release: str | None = None  # `debian 12`
    image_release: str | None = None  # the same of the image that it was installed from
    state: str | None = None  # of systemd: `running`, `degraded`, `starting`, …
    failed_units: tuple[str, ...] | None = None
    clock: Clock | None = None
    sources: Mapping[str, TimeSource] | None = None  # by address


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class LldpNeighbour:
    """Who says over a cable that it is at the other end."""

    device: str
    interface: str


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedNode(ObservedThing):
    """A switch's or host's part of the network. Interfaces by name; a destination is `default` or an address."""

    links_up: frozenset[str] | None = None
    speeds_gbps: Mapping[str, float] | None = None
    neighbours: Mapping[str, tuple[LldpNeighbour, ...]] | None = None  # interface -> whoever is heard there
    sessions: Mapping[str, str] | None = None  # interface -> state of BGP's
    kernel_routes: Mapping[str, frozenset[str]] | None = None  # destination -> interfaces, those of BGP
    bgp_routes: Mapping[str, frozenset[str]] | None = None  # the same, as FRR says that the kernel has them


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Devices, hosts and what routes, by name of the device; what is not here was not looked at."""

    servers: Mapping[str, ObservedServer] = field(default_factory=lambda: _NONE)
    pdus: Mapping[str, ObservedPdu] = field(default_factory=lambda: _NONE)
    hosts: Mapping[str, ObservedHost] = field(default_factory=lambda: _NONE)
    nodes: Mapping[str, ObservedNode] = field(default_factory=lambda: _NONE)


OBSERVED: TypeAdapter[Observed] = TypeAdapter(Observed)
