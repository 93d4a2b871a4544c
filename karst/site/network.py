"""`network.yml`: prefixes, AS numbers, fabric, carriers."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from karst.site.base import Component, Model, Name, SiteFile

AsNumber = Annotated[int, Field(ge=1, le=4294967294)]


class Prefixes(Model):
    """Where addresses come from. `out_of_band` holds BMCs and rack PDUs, a block of `rack_prefix_length` a rack."""

    out_of_band: IPv4Network
    loopbacks: IPv4Network
    # 64 addresses: a rack of 48 units, its PDUs and a leaf or two.
    rack_prefix_length: Annotated[int, Field(ge=20, le=29)] = 26


class AsNumbers(Model):
    """Private 32-bit AS numbers (RFC 6996) for racks, first and last."""

    first: AsNumber
    last: AsNumber


class Fabric(Model):
    """Leaf and spine counts; the network issue deepens this."""

    spines: Annotated[int, Field(ge=2)]
    leaves_per_row: Annotated[int, Field(ge=2)] = 2


class Carrier(Component):
    """A telecommunications carrier, entering by one entrance into one entrance room."""

    as_number: AsNumber
    entrance: Name
    plant_room: Name


class NetworkFile(SiteFile):
    """The whole of `network.yml`."""

    domain: str
    prefixes: Prefixes
    as_numbers: AsNumbers
    fabric: Fabric
    carriers: Annotated[dict[Name, Carrier], Field(min_length=1)]
