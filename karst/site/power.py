"""`power.yml`: a graph from utility sources to busways; each node names what it is fed from."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from karst.site.base import Component, Model, Name, PathName, SiteFile

FedFrom = Annotated[tuple[Name, ...], Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]


class Origin(StrEnum):
    """Where a utility source's energy comes from."""

    HYDROPOWER = "hydropower"
    WEST_EAST_LINE = "west_east_line"
    GRID = "grid"


class Path(Model):
    """A distribution path: A, B, …"""

    description: str = ""


class UtilitySource(Component):
    """A line from the public grid. Two sources with one `upstream` fail together."""

    origin: Origin
    upstream: str
    voltage_v: Positive
    capacity_kw: Positive
    entrance: Name


class PowerNode(Component):
    """Plant that is fed from other plant and stands in a plant room."""

    fed_from: FedFrom
    plant_room: Name


class Transformer(PowerNode):
    """Steps voltage down."""

    rating_kva: Positive
    # Line to line. 400 V is China's and IEC's nominal low voltage; a main transformer gives 10 kV or so.
    secondary_voltage_v: Positive = 400


class Switchgear(PowerNode):
    """A board with breakers, on one path."""

    path: PathName
    rating_a: Positive


class Generator(Component):
    """A standby set."""

    plant_room: Name
    rating_kw: Positive
    fuel_h: Positive


class TransferSwitch(PowerNode):
    """Takes the first of `fed_from` that is alive."""

    rating_a: Positive


class Ups(PowerNode):
    """An uninterruptible power supply with its battery."""

    path: PathName
    rating_kw: Positive
    battery_min: Positive


class Busway(PowerNode):
    """Runs along rows; rack PDUs of its path tap it."""

    path: PathName
    rows: Annotated[tuple[Name, ...], Field(min_length=1)]
    rating_a: Positive
    # Line to line, three-phase. 400 V is China's and IEC's nominal low voltage.
    voltage_v: Positive = 400


class PowerFile(SiteFile):
    """The whole of `power.yml`. Names are unique over all kinds."""

    paths: Annotated[dict[PathName, Path], Field(min_length=1)]
    utility_sources: Annotated[dict[Name, UtilitySource], Field(min_length=1)]
    transformers: dict[Name, Transformer] = {}
    switchgear: dict[Name, Switchgear] = {}
    generators: dict[Name, Generator] = {}
    transfer_switches: dict[Name, TransferSwitch] = {}
    ups: dict[Name, Ups] = {}
    busways: Annotated[dict[Name, Busway], Field(min_length=1)]
