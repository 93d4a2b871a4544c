"""How long a cable is: up from a rack unit to the tray above, along it, and down again."""

from __future__ import annotations

from karst.plan.model import Plan
from karst.plan.network.model import CableKind, Switch

UNIT_M = 0.04445  # IEC 60297-3-100
_APART = 2  # racks between two devices of one plant room, which has no positions


def switch_to_unit(plan: Plan, switch: Switch, rack: str, u: int) -> float:
    """Return the metres from a switch of a row or rack to unit `u` of a rack of the same row."""
    cables = plan.site.network.cables
    here, there = plan.racks[str(switch.rack)], plan.racks[rack]
    if here.name == there.name:
        return abs((switch.u or 1) - u) * UNIT_M + cables.slack_m
    along_m = abs(here.position - there.position) * cables.pitch_m
    return _rise(plan, here.name, switch.u or 1) + along_m + _rise(plan, rack, u) + cables.slack_m


def between_switches(plan: Plan, one: Switch, other: Switch) -> float:
    """Return the metres between two switches of which one at least stands in a plant room."""
    cables = plan.site.network.cables
    if one.plant_room is not None and one.plant_room == other.plant_room:
        return in_plant_room(plan)
    rises_m = sum(_to_row_end(plan, each) for each in (one, other))
    return rises_m + cables.plant_room_m + cables.slack_m


def in_plant_room(plan: Plan) -> float:
    """Return the metres between two devices of one plant room."""
    cables = plan.site.network.cables
    return 2 * cables.tray_m + _APART * cables.pitch_m + cables.slack_m


def stock_length(plan: Plan, length_m: float) -> str:
    """Return the next length in stock, "3 m"; nothing if none is long enough."""
    take_m = min((each for each in plan.site.network.cables.stock_m if each >= length_m), default=None)
    return "" if take_m is None else f"{take_m:g} m"


def reach_m(plan: Plan, kind: CableKind) -> float:
    """Return how far a cable of a kind may go."""
    reach = plan.site.network.cables.reach_m
    return {
        CableKind.HOST: reach.host,
        CableKind.FABRIC: reach.fabric,
        CableKind.CARRIER: reach.carrier,
        CableKind.OUT_OF_BAND: reach.out_of_band,
    }[kind]


def _rise(plan: Plan, rack: str, u: int) -> float:
    height_u = plan.layout(plan.racks[rack]).height_u
    return (height_u - u) * UNIT_M + plan.site.network.cables.tray_m


def _to_row_end(plan: Plan, switch: Switch) -> float:
    if switch.rack is None:
        return plan.site.network.cables.tray_m
    return _rise(plan, switch.rack, switch.u or 1) + plan.racks[switch.rack].position * plan.site.network.cables.pitch_m
