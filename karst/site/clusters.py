"""`clusters.yml`: Kubernetes clusters and which racks they are made of."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from karst.site.base import Model, Name, SiteFile


class Cluster(Model):
    """A cluster: `control_plane` members are chosen by `karst allocate` over distinct failure domains."""

    halls: Annotated[tuple[Name, ...], Field(min_length=1)]
    # Odd, so that etcd keeps a majority when one member's domain is lost.
    control_plane: Annotated[int, Field(ge=1, le=7)]
    kubernetes_version: Annotated[str, Field(pattern=r"^1\.\d+\.\d+$")]
    pods: IPv4Network
    services: IPv4Network


class ClustersFile(SiteFile):
    """The whole of `clusters.yml`."""

    clusters: dict[Name, Cluster]
