"""Which power supply, as a BMC calls it, sits at which power port of the device type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from karst.plan.naming import natural
from karst.verify.observed import Supply

_LAST_NUMBER = re.compile(r"(\d+)\D*$")


def at_ports(ports: Sequence[str], supplies: Mapping[str, Supply]) -> dict[str, Supply | None]:
    """Port -> supply, None where the BMC lists none.

    By name where the BMC's ids are those of the device type; else by their last number (`PSU.Slot.2`, `PSU2`), if
    every id has that of a port; else in order, as makers count slots from the same end as the device type library.
    A BMC that counts from 0 and leaves an empty slot out cannot be understood: the first are then taken for there.
    """
    for key in (str.lower, _number):
        ids = {key(name): supply for name, supply in supplies.items()}
        if len(ids) == len(supplies) and ids.keys() <= {key(port) for port in ports}:
            return {port: ids.get(key(port)) for port in ports}
    listed = [supplies[name] for name in sorted(supplies, key=natural)]
    return dict(zip(ports, [*listed, *[None] * len(ports)], strict=False))


def _number(name: str) -> str:
    found = _LAST_NUMBER.search(name)
    return found[1].lstrip("0") if found else name
