"""The whole site, as loaded: one frozen object that every later step reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
