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
class ObservedDevice:
    """What servers and rack PDUs have in common. `unread`: why nothing at all was read; `foreign`: who is there."""

    unread: str = ""
    foreign: str = ""
    gaps: Mapping[str, str] = field(default_factory=lambda: _NONE)
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
class Observed:
    """Devices by name; a device that is not here was not looked at."""

    servers: Mapping[str, ObservedServer] = field(default_factory=lambda: _NONE)
    pdus: Mapping[str, ObservedPdu] = field(default_factory=lambda: _NONE)


OBSERVED: TypeAdapter[Observed] = TypeAdapter(Observed)
