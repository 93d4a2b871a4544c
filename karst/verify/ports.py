"""Which power supply, as a BMC calls it, sits at which power port of the device type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from karst.plan.naming import natural
from karst.verify.observed import Supply


def at_ports(ports: Sequence[str], supplies: Mapping[str, Supply]) -> dict[str, Supply | None]:
    """Port -> supply, None where the BMC lists none.

    By name where the BMC's ids are those of the device type; else, if there are as many of both, in their order:
    makers count slots from the same end as the device type library, whatever they call them. If the BMC lists
    fewer and calls them otherwise, nobody can say which is missing: the first are taken for there.
    """
    by_name = {name.lower(): supply for name, supply in supplies.items()}
    if any(port.lower() in by_name for port in ports):
        return {port: by_name.get(port.lower()) for port in ports}
    listed = [supplies[name] for name in sorted(supplies, key=natural)]
    return dict(zip(ports, [*listed, *[None] * len(ports)], strict=False))
