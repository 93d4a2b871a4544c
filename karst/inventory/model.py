"""What an inventory says. An `Inventory` is small; a host's variables are worked out when somebody asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from karst.inventory.network import Flows
from karst.plan.model import Plan, RackSeat, ServerInLayout
from karst.plan.network.fabric import Fabric
from karst.site.base import Status

# Others are not there yet, are kept off, or are to be left alone: no playbook has business with them unasked.
STATUSES = frozenset({Status.ACTIVE})


@dataclass(frozen=True, slots=True)
class Map:
    """Where hosts or BMCs answer: `prefix`, if any, in the place of the site's own; `port`, if not the usual one."""

    prefix: IPv4Network | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """Where hosts answer by SSH, and where their BMCs answer by Redfish; `ssh_arguments` are for SSH's command line."""

    hosts: Map = Map()
    bmcs: Map = Map()
    ssh_arguments: str | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """A server that Ansible may reach: where it stands, and the groups it is a direct member of."""

    name: str
    seat: RackSeat
    server: ServerInLayout
    groups: tuple[str, ...]  # the same object for all alike in a rack


@dataclass(slots=True)
class Group:
    """A group of hosts: its own, and those of the groups below it."""

    name: str
    children: dict[str, None] = field(default_factory=dict)  # names, in order
    hosts: list[str] = field(default_factory=list)
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """A plan's hosts in order of halls, rows, racks and units, and their groups."""

    plan: Plan
    fabric: Fabric
    flows: Flows
    answering: Answering
    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]  # a group comes before those below it, or beside them
