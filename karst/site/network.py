"""`network.yml`: prefixes, AS numbers, fabric, cables, borders, carriers, flows."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from karst.site.base import Component, Model, Name, SiteFile
from karst.site.flows import Flow

AsNumber = Annotated[int, Field(ge=1, le=4294967294)]


class Prefixes(Model):
    """Where addresses come from. `out_of_band` holds BMCs and rack PDUs, a block of `rack_prefix_length` a rack."""

    out_of_band: IPv4Network
    loopbacks: IPv4Network
    # 64 addresses: a rack of 48 units, its PDUs and a leaf or two.
    rack_prefix_length: Annotated[int, Field(ge=20, le=29)] = 26
    switch_out_of_band: IPv4Network  # one address a switch
    switch_loopbacks: IPv4Network


class AsNumbers(Model):
    """Private 32-bit AS numbers (RFC 6996), first and last."""

    first: AsNumber
    last: AsNumber

    def __contains__(self, number: int) -> bool:
        """Return whether a number is in the range."""
        return self.first <= number <= self.last


class Per(StrEnum):
    """What has switches of its own."""

    ROW = "row"
    RACK = "rack"


class LeafPairs(Model):
    """Two leaves a row or a rack, each on a power path of its own. `uplinks`: of each, to the spines in turn."""

    device_type: Name
    per: Per = Per.ROW
    uplinks: Annotated[int, Field(ge=2)]


class Spines(Model):
    """Spines, all of one AS number, spread over plant rooms in turn."""

    device_type: Name
    count: Annotated[int, Field(ge=2, le=99)]
    as_number: AsNumber
    plant_rooms: Annotated[tuple[Name, ...], Field(min_length=1)]


class OutOfBandSwitches(Model):
    """Switches of BMCs, rack PDUs and other switches' management, one a row or a rack."""

    device_type: Name
    per: Per = Per.ROW


class Fabric(Model):
    """Which switches there are."""

    leaf: LeafPairs
    spine: Spines
    out_of_band: OutOfBandSwitches


Metres = Annotated[float, Field(gt=0)]


class CableReach(Model):
    """How far a cable of each kind may go, in metres."""

    host: Metres
    fabric: Metres
    carrier: Metres
    out_of_band: Metres = 100.0  # copper (ISO/IEC 11801)


class Cables(Model):
    """How cables are measured: along trays above the racks, then up to the next length in stock."""

    pitch_m: Metres = 0.6  # between two racks of a row (IEC 60297: cabinets of 600 mm)
    tray_m: Metres = 0.5  # from a rack's top to the tray
    slack_m: Annotated[float, Field(ge=0)] = 0.5  # at both ends together
    plant_room_m: Metres  # from the end of a row to a plant room, or from one such room to another
    stock_m: Annotated[tuple[Metres, ...], Field(min_length=1)]
    reach_m: CableReach


class Border(Component):
    """A switch between the spines and the carriers, in an entrance room."""

    device_type: Name
    plant_room: Name


class Carrier(Component):
    """A telecommunications carrier, entering by one entrance into one entrance room, where a border takes it over.

    Its default has the BGP local preference `preference`, higher wins; beyond `max_prefixes` the session ends.
    """

    as_number: AsNumber
    entrance: Name
    plant_room: Name
    preference: Annotated[int, Field(ge=0, le=4294967295)] = 100
    max_prefixes: Annotated[int, Field(ge=1)] = 100
    drained: bool = False


class NetworkFile(SiteFile):
    """The whole of `network.yml`."""

    domain: str
    prefixes: Prefixes
    as_numbers: AsNumbers  # of racks, one each: all hosts of a rack have it
    switch_as_numbers: AsNumbers  # of leaves and borders, one each
    fabric: Fabric
    cables: Cables
    borders: Annotated[dict[Name, Border], Field(min_length=1)]
    carriers: Annotated[dict[Name, Carrier], Field(min_length=1)]
    own_prefixes: Annotated[tuple[IPv4Network, ...], Field(min_length=1)]  # what carriers are told of
    entrances_drained: tuple[Name, ...] = ()
    flows: tuple[Flow, ...] = ()

    def is_drained(self, carrier: str) -> bool:
        """Return whether a carrier is drained, itself or with its entrance."""
        found = self.carriers[carrier]
        return found.drained or found.entrance in self.entrances_drained
