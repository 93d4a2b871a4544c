"""A site on its way from files to model: what could be read so far, with the lines it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from karst.site.allocations import AllocationsFile
from karst.site.clusters import ClustersFile
from karst.site.cooling import CoolingFile
from karst.site.deliveries import Deliveries
from karst.site.hardware import DeviceType, SpecFile
from karst.site.model import Site
from karst.site.network import NetworkFile
from karst.site.place import PlaceFile
from karst.site.power import PowerFile
from karst.site.racks import RacksFile
from karst.site.read import Document
from karst.site.spaces import SpacesFile
from karst.site.tenants import TenantsFile

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Draft:
    """The documents of a site. Device types and specs are by slug; None stands for a file that has faults."""

    folder: str  # its name
    place: Document[PlaceFile]
    spaces: Document[SpacesFile]
    power: Document[PowerFile]
    cooling: Document[CoolingFile]
    racks: Document[RacksFile]
    network: Document[NetworkFile]
    clusters: Document[ClustersFile]
    tenants: Document[TenantsFile]
    allocations: Document[AllocationsFile]
    assets: Deliveries | None
    device_types: Mapping[str, Document[DeviceType]]
    specs: Mapping[str, Document[SpecFile]]

    def documents(
        self,
    ) -> tuple[
        Document[PlaceFile]
        | Document[SpacesFile]
        | Document[PowerFile]
        | Document[CoolingFile]
        | Document[RacksFile]
        | Document[NetworkFile]
        | Document[ClustersFile]
        | Document[TenantsFile]
        | Document[AllocationsFile],
        ...,
    ]:
        """Return the YAML files of the site, in the order in which people read them."""
        return (
            self.place,
            self.spaces,
            self.power,
            self.cooling,
            self.racks,
            self.network,
            self.clusters,
            self.tenants,
            self.allocations,
        )

    def site(self) -> Site:
        """Return the finished site. Only for a draft without faults."""
        return Site(
            place=_whole(self.place),
            spaces=_whole(self.spaces),
            power=_whole(self.power),
            cooling=_whole(self.cooling),
            racks=_whole(self.racks),
            network=_whole(self.network),
            clusters=_whole(self.clusters),
            tenants=_whole(self.tenants),
            assets=self.assets.assets if self.assets else {},
            allocations=_whole(self.allocations),
            device_types={slug: _whole(document) for slug, document in self.device_types.items()},
            specs={slug: _whole(document) for slug, document in self.specs.items()},
            written={document.file: document.root for document in self.documents() if document.root},
        )


def _whole(document: Document[M]) -> M:
    if document.model is None:
        raise ValueError(f"{document.file} has faults")
    return document.model
