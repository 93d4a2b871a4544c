"""`racks.yml`: patterns of racks, rows filled with them, and single racks that differ."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from karst.site.base import Component, Hold, Model, Name, PathName, SiteFile, Status
from karst.site.power import Positive


class ServerRole(StrEnum):
    """What a server is for."""

    CONTROL_PLANE = "control_plane"
    COMPUTE = "compute"
    STORAGE = "storage"


class RackPdu(Component):
    """A rack PDU in a zero-U slot, tapping the row's busway of its path through a breaker of `feed_a` amperes."""

    device_type: str
    path: PathName
    feed_a: Positive


class Server(Component):
    """A server in a rack; `u` is its lowest rack unit. Its power ports are corded by the plan.

    `settings` are BIOS settings by their neutral name; the hardware spec translates them to the maker's. `image` is one
    of `services.images` in `site.yml`: what is installed once it is active; none: others install it.
    """

    device_type: str
    u: Annotated[int, Field(ge=1, le=60)]
    role: ServerRole = ServerRole.COMPUTE
    image: Name | None = None
    settings: dict[str, str] = {}


class Pattern(Model):
    """A rack and what stands in it."""

    height_u: Annotated[int, Field(ge=1, le=60)]
    budget_w: Positive
    pdus: Annotated[dict[Name, RackPdu], Field(min_length=1)]
    servers: dict[Name, Server]


class RowOfRacks(Model):
    """Racks at `positions` (`1-10`, `1-3,5`) of a row, each named `<row>-<position, two digits>`.

    `status` is that of every device in it unless the pattern or a rack says otherwise for that device.
    """

    pattern: Name
    positions: Annotated[str, Field(pattern=r"^\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*$")]
    status: Status | None = None


class DeviceChange(Model):
    """How one device of one rack differs from its pattern."""

    status: Status | None = None
    hold: Hold | None = None
    device_type: str | None = None
    u: Annotated[int, Field(ge=1, le=60)] | None = None
    role: ServerRole | None = None
    image: Name | None = None
    settings: dict[str, str] | None = None


class RackChange(Model):
    """How one rack differs from its pattern. A server not in the pattern is added whole (device_type and u needed)."""

    status: Status | None = None
    budget_w: Positive | None = None
    pdus: dict[Name, DeviceChange] = {}
    servers: dict[Name, DeviceChange] = {}


class RacksFile(SiteFile):
    """The whole of `racks.yml`."""

    patterns: Annotated[dict[Name, Pattern], Field(min_length=1)]
    rows: Annotated[dict[Name, RowOfRacks], Field(min_length=1)]
    racks: dict[Name, RackChange] = {}
