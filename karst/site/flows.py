"""`flows` of `network.yml`: what hosts are open for, and for whom. All else their firewall drops."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from karst.site.base import Model, Name


class Protocol(StrEnum):
    """What is let in; of ICMP echo requests alone, as errors belong to flows that are open already."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


class Source(StrEnum):
    """Who may open a flow, beside networks by their prefix."""

    ANYWHERE = "anywhere"
    BASTION = "bastion"
    CONTROL_PLANE = "control_plane"  # members of the control plane of the server's own cluster
    HOSTS = "hosts"
    OUT_OF_BAND = "out_of_band"  # BMCs, rack PDUs, switches' management


class ToRole(StrEnum):
    """Which servers are open: those of a role, or all."""

    ALL = "all"
    CONTROL_PLANE = "control_plane"
    COMPUTE = "compute"
    STORAGE = "storage"


class Flow(Model):
    """A flow to hosts. `from` has words of `Source` and IPv4 prefixes; `ports` are of TCP or UDP."""

    name: Name
    sources: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]
    to_role: Annotated[tuple[ToRole, ...], Field(min_length=1)]
    protocol: Protocol
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = ()
