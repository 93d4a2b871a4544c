"""`allocations.yml`: the few things that were chosen and must never move; only `karst allocate` writes it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated

from pydantic import Field

from karst.site.base import Model, Name, SiteFile
from karst.site.network import AsNumber


class RackAllocation(Model):
    """A rack's ordinal, its out-of-band block, its loopback block and its AS number."""

    ordinal: int
    out_of_band: IPv4Network
    loopbacks: IPv4Network
    as_number: AsNumber


class SwitchAllocation(Model):
    """A switch's ordinal among those of its role, where it stands, its addresses, a leaf's or border's AS number."""

    ordinal: Annotated[int, Field(ge=0)]  # it picks ports on the spines
    rack: Name | None = None  # None: a spine or border, whose plant room is declared
    out_of_band: IPv4Address
    loopback: IPv4Address | None = None  # None: an out-of-band switch, which routes nothing
    as_number: AsNumber | None = None  # None: spines share one, out-of-band switches have none


class AllocationsFile(SiteFile):
    """The whole of `allocations.yml`: by rack, by switch; cluster -> control plane servers, in order of choice."""

    racks: dict[Name, RackAllocation] = {}
    switches: dict[Name, SwitchAllocation] = {}
    control_plane: dict[Name, tuple[Name, ...]] = {}
