"""`spaces.yml`: caverns, entrances, fire compartments, halls, rows, plant rooms."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from karst.site.base import Model, Name, SiteFile


class Carries(StrEnum):
    """What an entrance lets through."""

    AIR = "air"
    POWER = "power"
    FIBRE = "fibre"
    PEOPLE = "people"


class Cavern(Model):
    """A chamber in the rock."""

    description: str = ""


class Entrance(Model):
    """A tunnel from outside into caverns."""

    caverns: Annotated[tuple[Name, ...], Field(min_length=1)]
    carries: Annotated[tuple[Carries, ...], Field(min_length=1)]


class FireCompartment(Model):
    """A space that burns, and is flooded with gas, as one."""

    cavern: Name


class Hall(Model):
    """A data hall."""

    cavern: Name
    fire_compartment: Name


class Row(Model):
    """A row of rack positions in a hall, counted from 1."""

    hall: Name
    positions: Annotated[int, Field(ge=1, le=99)]


class PlantRoom(Model):
    """A room for power or cooling plant, or an entrance room for carriers."""

    cavern: Name
    fire_compartment: Name


class SpacesFile(SiteFile):
    """The whole of `spaces.yml`."""

    caverns: Annotated[dict[Name, Cavern], Field(min_length=1)]
    entrances: Annotated[dict[Name, Entrance], Field(min_length=1)]
    fire_compartments: Annotated[dict[Name, FireCompartment], Field(min_length=1)]
    halls: Annotated[dict[Name, Hall], Field(min_length=1)]
    rows: Annotated[dict[Name, Row], Field(min_length=1)]
    plant_rooms: dict[Name, PlantRoom] = {}
