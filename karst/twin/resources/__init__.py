"""The resources of a BMC, a module a noun. Each has `build(tree)`, which puts its resources into a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from karst.twin.resources import (
    accounts,
    bios,
    certificates,
    chassis,
    components,
    logs,
    manager,
    media,
    power,
    rack_pdu,
    service,
    sessions,
    system,
    tasks,
    thermal,
    updates,
)

if TYPE_CHECKING:
    from karst.twin.tree import Tree

_ALL = (service, sessions, accounts, manager, logs, certificates, chassis, updates, tasks)
_OF_SERVERS = (system, bios, components, media, power, thermal)
_OF_RACK_PDUS = (rack_pdu,)


def build(tree: Tree) -> None:
    """Put all resources of a device type into its tree."""
    for module in (*_ALL, *(_OF_SERVERS if tree.is_server else _OF_RACK_PDUS)):
        module.build(tree)
