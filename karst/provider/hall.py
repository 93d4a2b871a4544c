"""`karst:metal:Hall` for programs: which racks a hall has, so that none with active servers vanishes unnoticed."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from karst.provider.model import HallArgs, wire

__all__ = ["Hall", "HallArgs"]

TYPE = "karst:metal:Hall"


class Hall(pulumi.CustomResource):
    """A hall's list of racks. Declare it beside its racks: its check sees a rack vanish, a rack's own cannot."""

    name: pulumi.Output[str]
    racks: pulumi.Output[Mapping[str, int]]

    def __init__(self, resource_name: str, args: HallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, resource_name, wire(args), opts)
