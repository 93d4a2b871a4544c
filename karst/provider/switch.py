"""`karst:network:Switch` for programs: what a leaf, spine or border routes by."""

from __future__ import annotations

import pulumi

from karst.provider.model import SwitchArgs, wire

__all__ = ["Switch", "SwitchArgs"]

TYPE = "karst:network:Switch"


class Switch(pulumi.CustomResource):
    """A switch. Each change is transactional on the device; deleting it leaves the device as it is."""

    name: pulumi.Output[str]
    sessions: pulumi.Output[int]

    def __init__(self, resource_name: str, args: SwitchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, resource_name, {"sessions": None, **wire(args)}, opts)
