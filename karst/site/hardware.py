"""`hardware/`: device types in the NetBox devicetype-library format, and beside them the hardware spec of each type."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from karst.site.base import Model, Name, SiteFile
from karst.site.power import Positive


class LibraryModel(BaseModel):
    """A piece of a device type file; keys Karst has no use for are the library's own business and pass unread."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class PowerPort(LibraryModel):
    """A socket that takes power: a server's PSU, a rack PDU's input."""

    name: str
    type: str = ""
    maximum_draw: int | None = None  # W
    allocated_draw: int | None = None  # W


class PowerOutlet(LibraryModel):
    """A socket that gives power."""

    name: str
    type: str = ""
    power_port: str | None = None
    feed_leg: str | None = None


class Interface(LibraryModel):
    """A network interface."""

    name: str
    type: str
    mgmt_only: bool = False


class DeviceType(LibraryModel):
    """One file of the library, `hardware/<manufacturer>/<model>.yml`."""

    manufacturer: str
    model: str
    slug: str
    u_height: float
    power_ports: Annotated[tuple[PowerPort, ...], Field(alias="power-ports")] = ()
    power_outlets: Annotated[tuple[PowerOutlet, ...], Field(alias="power-outlets")] = ()
    interfaces: tuple[Interface, ...] = ()


class SpecKind(StrEnum):
    """What the spec is of."""

    SERVER = "server"
    RACK_PDU = "rack_pdu"
    SWITCH = "switch"


class BiosSetting(Model):
    """How the maker calls a neutral setting: `attribute`, and its word for each neutral value."""

    attribute: str
    values: dict[str, str]


class AshraeClass(StrEnum):
    """ASHRAE TC 9.9's classes of air-cooled equipment: how warm the air at the inlet may be."""

    A1 = "A1"
    A2 = "A2"
    A3 = "A3"
    A4 = "A4"


class Branch(Model):
    """A branch circuit of a rack PDU: a breaker and the outlets behind it."""

    rating_a: Positive
    outlets: tuple[str, ...]


class ServerSpec(Model):
    """What a healthy server of the type has."""

    budget_w: Positive  # what the plan reckons with, both PSUs together
    idle_w: Positive
    psus_needed: Annotated[int, Field(ge=1)]  # N of the PSUs' N+X
    fans: Annotated[int, Field(ge=1)]
    fans_needed: Annotated[int, Field(ge=1)]
    inlet_max_c: float  # the maker's limit
    ashrae_class: AshraeClass | None = None
    exhaust_max_c: float | None = None
    leak_detectors: Annotated[int, Field(ge=0)] = 0
    processors: Annotated[int, Field(ge=1)]
    processor_model: str
    processor_cores: Annotated[int, Field(ge=1)]
    memory_modules: Annotated[int, Field(ge=1)]
    memory_module_gib: Annotated[int, Field(ge=1)]
    drives: Annotated[int, Field(ge=0)]
    drive_gb: Annotated[int, Field(ge=0)]
    settings: dict[str, BiosSetting] = {}  # neutral name -> the maker's


class RackPduSpec(Model):
    """What a healthy rack PDU of the type has."""

    voltage_v: Positive  # line to neutral at an outlet; 230 V in China's 400 V system
    input_a: Positive
    phases: Annotated[int, Field(ge=1, le=3)]
    branches: Annotated[dict[str, Branch], Field(min_length=1)]


class SwitchSpec(Model):
    """What a healthy switch of the type has. Ports are told apart by their interfaces' types."""

    budget_w: Positive
    psus_needed: Annotated[int, Field(ge=1)]  # N of the PSUs' N+X
    downlink_type: str  # of ports to hosts; on a spine or border, of all
    uplink_type: str | None = None  # of ports towards the spines


class SpecFile(SiteFile):
    """`hardware/spec/<slug>.yml`: exactly one of `server`, `rack_pdu` and `switch`, as `kind` says."""

    device_type: Name
    kind: SpecKind
    firmware_minimum: dict[str, str] = {}  # component (`bmc`, `bios`) -> version
    server: ServerSpec | None = None
    rack_pdu: RackPduSpec | None = None
    switch: SwitchSpec | None = None
