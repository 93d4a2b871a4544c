"""A rack PDU: look at it, and switch what was decided."""

from __future__ import annotations

import asyncio

from karst.provider.decide import decide_pdu
from karst.provider.model import PduArgs
from karst.provider.seen import SeenPdu
from karst.provider.visit import Visit
from karst.redfish.errors import TaskError, UnobservedError
from karst.redfish.rack_pdu import Outlet


async def observe(visit: Visit) -> tuple[SeenPdu, dict[str, Outlet]]:
    """Which outlets are off, beside all outlets. Raises RedfishError."""
    outlets = await visit.pdu.outlets()
    silent = [name for name, outlet in outlets.items() if outlet.power is None]
    if silent or not outlets:
        raise UnobservedError(f"{visit.device.endpoint} does not say whether its outlets are on: {', '.join(silent)}")
    off = sorted(name for name, outlet in outlets.items() if outlet.power in ("Off", "PoweringOff"))
    return SeenPdu(visit.generation, tuple(off)), outlets


async def converge(visit: Visit, pdu: PduArgs) -> tuple[SeenPdu, bool]:
    """Make the outlets as declared; also whether any was switched on. Raises RedfishError."""
    seen, outlets = await observe(visit)
    unknown = [name for name in pdu.outlets_off if name not in outlets]
    if unknown:
        raise UnobservedError(f"it has no outlet {', '.join(unknown)}; there are {', '.join(outlets)}")
    steps = decide_pdu(pdu, seen)
    if not steps.any:
        return seen, False
    await asyncio.gather(*(outlets[name].switch("On") for name in steps.on))
    await asyncio.gather(*(outlets[name].switch("Off") for name in steps.off))
    seen, _ = await observe(visit)
    left = decide_pdu(pdu, seen)
    if left.any:
        raise TaskError(f"outlets {', '.join((*left.on, *left.off))} did not switch")
    return seen, bool(steps.on)
