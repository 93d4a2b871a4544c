"""`allocations.yml`: the few things that were chosen and must never move; only `karst allocate` writes it."""

from __future__ import annotations

from ipaddress import IPv4Network

from karst.site.base import Model, Name, SiteFile
from karst.site.network import AsNumber


class RackAllocation(Model):
    """A rack's ordinal, its out-of-band block, its loopback block and its AS number."""

    ordinal: int
    out_of_band: IPv4Network
    loopbacks: IPv4Network
    as_number: AsNumber


class AllocationsFile(SiteFile):
    """The whole of `allocations.yml`: rack -> allocation; cluster -> control plane servers, in order of choice."""

    racks: dict[Name, RackAllocation] = {}
    control_plane: dict[Name, tuple[Name, ...]] = {}
