"""`cooling.yml`: zones, the units that cool them, and the loops the units hang on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from karst.site.base import Component, Model, Name, SiteFile
from karst.site.power import FedFrom, Positive


class UnitKind(StrEnum):
    """What a cooling unit is."""

    AIR_HANDLER = "air_handler"
    INDIRECT_EVAPORATIVE = "indirect_evaporative"
    CDU = "cdu"


class LoopKind(StrEnum):
    """What a loop carries."""

    CHILLED_WATER = "chilled_water"
    WATER_SUPPLY = "water_supply"
    OUTSIDE_AIR = "outside_air"


class Zone(Model):
    """Rows that share their air. `spares` is X of N+X, per zone (GB 50174)."""

    rows: Annotated[tuple[Name, ...], Field(min_length=1)]
    spares: Annotated[int, Field(ge=0)]
    supply_c: Annotated[float, Field(ge=10, le=35)]


class Loop(Component):
    """Water or air that units draw on."""

    kind: LoopKind
    fed_from: tuple[Name, ...] = ()
    entrance: Name | None = None


class Unit(Component):
    """A cooling unit; `capacity_kw` holds at the site's own air pressure."""

    kind: UnitKind
    zone: Name
    plant_room: Name | None = None
    capacity_kw: Positive
    fed_from: FedFrom
    loops: tuple[Name, ...] = ()


class CoolingFile(SiteFile):
    """The whole of `cooling.yml`."""

    zones: Annotated[dict[Name, Zone], Field(min_length=1)]
    loops: dict[Name, Loop] = {}
    units: Annotated[dict[Name, Unit], Field(min_length=1)]
