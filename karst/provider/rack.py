"""`karst:metal:Rack` for programs: a rack's servers and PDUs as one resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from karst.provider.model import Hold, PduArgs, RackArgs, RackState, ServerArgs, wire

__all__ = ["Hold", "PduArgs", "Rack", "RackArgs", "ServerArgs"]

TYPE = "karst:metal:Rack"


class Rack(pulumi.CustomResource):
    """A rack. Never replaced; removing an active server from it is an error at preview (see docs/provider.md)."""

    name: pulumi.Output[str]
    observed: pulumi.Output[Mapping[str, Mapping[str, Any]]]
    reset_pending: pulumi.Output[Sequence[str]]
    reinstall_pending: pulumi.Output[Sequence[str]]
    failed: pulumi.Output[Mapping[str, str]]
    held: pulumi.Output[Sequence[str]]
    servers_on: pulumi.Output[int]

    def __init__(self, resource_name: str, args: RackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        properties = {**dict.fromkeys(RackState.__dataclass_fields__), **wire(args)}
        super().__init__(TYPE, resource_name, properties, opts)
