"""A server in full, derived when asked for, without its rack's other servers."""

from __future__ import annotations

from karst.plan.model import Plan, RackSeat, Server, ServerInLayout
from karst.plan.rack import server_at


def server(plan: Plan, name: str) -> Server:
    """Return everything about a server. Raises KeyError for a name that the plan does not have."""
    seat, short = seat_of(plan, name)
    return server_at(plan, seat, short)


def seat_of(plan: Plan, name: str) -> tuple[RackSeat, ServerInLayout]:
    """Return the rack's seat and the layout's entry of the server called `name`. Raises KeyError if there is none."""
    parts = name.split("-")
    # A server's short name may hold dashes too (`gpu-1`), so every split is tried, the longest rack name first.
    for end in range(len(parts) - 1, 0, -1):
        seat = plan.racks.get("-".join(parts[:end]))
        if seat is not None:
            found = plan.layout(seat).servers.get("-".join(parts[end:]))
            if found is not None:
                return seat, found
    raise KeyError(name)
