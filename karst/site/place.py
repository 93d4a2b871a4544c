"""`site.yml`: where the facility is, what class it must reach, and the services of the site."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field

from karst.site.base import Model, Name, PathName, SiteFile


class RequiredClass(StrEnum):
    """GB 50174-2017: A fault tolerant, B redundant, C basic."""

    A = "A"
    B = "B"
    C = "C"


class Place(Model):
    """Where the cavern is."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    province: str
    city: str
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    altitude_m: Annotated[float, Field(ge=-430, le=5000)]
    # Measured, not derived from altitude: Gui'an's summer mean is 87.35 kPa, the standard atmosphere says 89.1.
    air_pressure_kpa: Annotated[float, Field(ge=50, le=110)]


class Endpoint(Model):
    """A service of the site that hosts use."""

    name: Name
    address: IPv4Address


class UpsServer(Endpoint):
    """Network UPS Tools, which tells hosts how the UPSes of one path are."""

    path: PathName


class CertificateAuthority(Model):
    """The site's own CA, which BMCs and hosts are to trust and be trusted by."""

    common_name: str
    organisation: str
    certificate_days: Annotated[int, Field(ge=1, le=825)] = 365


class SiteServices(Model):
    """What hosts and BMCs of the site lean on."""

    ntp: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    dns: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    log_collectors: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    package_mirror: Annotated[str, Field(pattern=r"^https://")]
    # Installers by the name that a server's `image` has: media that a BMC inserts, from the site's image server.
    images: dict[Name, Annotated[str, Field(pattern=r"^https?://[^\s/]+/\S+$", max_length=1024)]] = {}
    # One a path at most, so that what a path's loss takes along never tells of another.
    ups_servers: tuple[UpsServer, ...] = ()
    certificate_authority: CertificateAuthority
    bastion: Endpoint


class PlaceFile(SiteFile):
    """The whole of `site.yml`."""

    name: Name
    title: str
    place: Place
    time_zone: str
    required_class: RequiredClass
    services: SiteServices
