"""Checks of the network: carriers."""

from __future__ import annotations

from itertools import combinations

from karst.plan.model import Plan
from karst.site.place import RequiredClass
from karst.site.problems import Problems


def check_network(plan: Plan, problems: Problems) -> None:
    """Check carriers in class A. That every rack's blocks have room for it, the loader has seen to."""
    if plan.site.place.required_class is RequiredClass.A:
        _carriers(plan, problems)


def _carriers(plan: Plan, problems: Problems) -> None:
    """Pass: two carriers differ in entrance and in entrance room (GB 50174-2017, class A)."""
    pairs = combinations(plan.site.network.carriers.values(), 2)
    if not any(one.entrance != other.entrance and one.plant_room != other.plant_room for one, other in pairs):
        line = plan.site.line("network.yml", "carriers")
        what = "no two carriers differ in both entrance and entrance room"
        problems.error("network.yml", line, what, "two at least, by ways of their own (class A)")
