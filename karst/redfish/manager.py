"""The manager: the BMC itself."""

from __future__ import annotations

from karst.redfish.client import Client
from karst.redfish.errors import UnobservedError
from karst.redfish.resource import Resource


async def manager_of(bmc: Client, device: Resource) -> Resource:
    """The manager that a system or rack PDU names, else the BMC's first. Raises UnobservedError without any."""
    named = device.links("Links", "ManagedBy")
    if named:
        return await bmc.get(named[0])
    path = bmc.root.link("Managers")
    members = await bmc.members(path) if path else []
    if not members:
        raise UnobservedError(f"{bmc.endpoint} offers no manager")
    return members[0]
