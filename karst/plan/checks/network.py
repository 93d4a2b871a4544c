"""Checks of the network: carriers, and an address for every device."""

from __future__ import annotations

from itertools import combinations

from karst.plan.model import Plan
from karst.site.place import RequiredClass
from karst.site.problems import Problems


def check_network(plan: Plan, problems: Problems) -> None:
    """Check addresses, and carriers in class A."""
    _addresses(plan, problems)
    if plan.site.place.required_class is RequiredClass.A:
        _carriers(plan, problems)


def _addresses(plan: Plan, problems: Problems) -> None:
    """Pass: a rack's block has an address for its topmost server below those of its rack PDUs and the broadcast."""
    said = set()
    for seat in plan.racks.values():
        layout = plan.layout(seat)
        top = max((server.u for server in layout.servers.values()), default=0)
        free = min(seat.out_of_band.num_addresses - len(layout.pdus), seat.loopbacks.num_addresses) - 2
        if top > free and layout.where not in said:
            said.add(layout.where)
            highest = max(layout.servers.values(), key=lambda server: server.u).name
            line = plan.site.line("racks.yml", *layout.where, "servers", highest, "u")
            where = ".".join(layout.where)
            what = f"{where}: {highest} at unit {top} has no address in a /{seat.out_of_band.prefixlen}"
            problems.error("racks.yml", line, what, f"a unit up to {free}, or a shorter rack_prefix_length")


def _carriers(plan: Plan, problems: Problems) -> None:
    """Pass: two carriers differ in entrance and in entrance room (GB 50174-2017, class A)."""
    pairs = combinations(plan.site.network.carriers.values(), 2)
    if not any(one.entrance != other.entrance and one.plant_room != other.plant_room for one, other in pairs):
        line = plan.site.line("network.yml", "carriers")
        what = "no two carriers differ in both entrance and entrance room"
        problems.error("network.yml", line, what, "two at least, by ways of their own (class A)")
