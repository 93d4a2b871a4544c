"""Checks of assets: what is said to be there was delivered."""

from __future__ import annotations

from karst.plan.model import PduInLayout, Plan, ServerInLayout
from karst.plan.rack import device_status
from karst.site.base import Status
from karst.site.names import device_name
from karst.site.problems import Problems

# What is planned was not delivered yet; what failed or leaves may be gone already, its replacement not yet come.
_DELIVERED = frozenset({Status.STAGED, Status.ACTIVE, Status.OFFLINE})


def check_assets(plan: Plan, problems: Problems) -> None:
    """Pass: every device that is staged, active or offline has a line in assets.csv. One problem a rack."""
    assets = plan.site.assets
    for seat in plan.racks.values():
        layout = plan.layout(seat)
        devices: tuple[ServerInLayout | PduInLayout, ...] = (*layout.servers.values(), *layout.pdus.values())
        missing = [
            (name, status)
            for device in devices
            if (name := device_name(seat.name, device.name)) not in assets
            and (status := device_status(plan, seat, device)) in _DELIVERED
        ]
        if missing:
            where = ("racks", seat.name) if seat.name in plan.changed else ("rows", seat.row)
            name, status = missing[0]
            others = len(missing) - 1
            more = f", like {others} more device{'s' * (others > 1)} of rack {seat.name}" if others else ""
            what = f"{name} is {status.value}, but has no line in assets.csv{more}"
            problems.error("racks.yml", plan.site.line("racks.yml", *where), what, "status planned until delivery")
