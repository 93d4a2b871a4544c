"""`tenants.yml`: who uses the clusters, with which data, quota, flows and operators."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from karst.site.base import Model, Name, SiteFile


class DataClass(StrEnum):
    """Data Security Law 2021 and GB/T 43697-2024; entrusting government-held data needs approval and supervision."""

    GENERAL = "general"
    IMPORTANT = "important"
    CORE = "core"
    GOVERNMENT_HELD = "government_held"


class Quota(Model):
    """What a tenant may use in its cluster."""

    cpu_cores: Annotated[int, Field(ge=1)]
    memory_gib: Annotated[int, Field(ge=1)]
    storage_gib: Annotated[int, Field(ge=0)]
    pods: Annotated[int, Field(ge=1)]


class Flow(Model):
    """A permitted flow: from this tenant to `to`, on TCP `port`; among its own pods, if `to` is the tenant itself."""

    to: Name
    port: Annotated[int, Field(ge=1, le=65535)]


class Operator(Model):
    """A person or group, as the cluster's authenticator names them, and what they may do in the tenant."""

    user: Annotated[str, Field(min_length=1)]
    role: Annotated[str, Field(pattern=r"^(view|edit|admin)$")]


class Tenant(Model):
    """A tenant: one namespace of its name in one cluster."""

    cluster: Name
    data_class: DataClass
    priority: Annotated[int, Field(ge=0, le=1000000)] = 1000
    quota: Quota
    flows: tuple[Flow, ...] = ()
    operators: tuple[Operator, ...] = ()


class TenantsFile(SiteFile):
    """The whole of `tenants.yml`."""

    tenants: dict[Name, Tenant]
