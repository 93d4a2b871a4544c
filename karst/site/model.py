"""The whole site, as loaded: one frozen object that every later step reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from karst.site.allocations import AllocationsFile
from karst.site.assets import Asset
from karst.site.clusters import ClustersFile
from karst.site.cooling import CoolingFile
from karst.site.hardware import DeviceType, SpecFile
from karst.site.network import NetworkFile
from karst.site.place import PlaceFile
from karst.site.power import PowerFile
from karst.site.racks import RacksFile
from karst.site.spaces import SpacesFile
from karst.site.tenants import TenantsFile
from karst.site.yaml import Node, find


@dataclass(frozen=True, slots=True)
class Site:
    """`sites/<site>/` and `hardware/`, validated. Short forms are already expanded."""

    place: PlaceFile
    spaces: SpacesFile
    power: PowerFile
    cooling: CoolingFile
    racks: RacksFile
    network: NetworkFile
    clusters: ClustersFile
    tenants: TenantsFile
    assets: Mapping[str, Asset]  # by device name
    allocations: AllocationsFile
    device_types: Mapping[str, DeviceType]  # by slug
    specs: Mapping[str, SpecFile]  # by device type slug
    # What stands where, by file; not part of the site's meaning.
    written: Mapping[str, Node] = field(default_factory=dict, compare=False, repr=False)

    def line(self, file: str, *path: str | int) -> int:
        """Return the line of `file` where `path` (`"busways", "h1-a"`) stands, or the nearest thing around it."""
        return find(self.written[file], path).line if file in self.written else 1
