"""Checks of cooling, zone by zone: N+X units, and never all on one path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from karst.plan.loads import live_nodes, losses, row_demands
from karst.plan.model import Plan
from karst.site.base import Status
from karst.site.cooling import Unit
from karst.site.place import RequiredClass
from karst.site.problems import Problems

_OUT_OF_SERVICE = frozenset({Status.OFFLINE, Status.FAILED, Status.DECOMMISSIONING})


def check_cooling(plan: Plan, problems: Problems) -> None:
    """Check every zone."""
    units: dict[str, dict[str, Unit]] = defaultdict(dict)
    for name, unit in sorted(plan.site.cooling.units.items()):
        if unit.status not in _OUT_OF_SERVICE:
            units[unit.zone][name] = unit
    _capacity(plan, units, problems)
    if plan.site.place.required_class is not RequiredClass.C:
        _spares(plan, problems)
        _paths(plan, units, problems)


def _capacity(plan: Plan, units: Mapping[str, Mapping[str, Unit]], problems: Problems) -> None:
    """Pass: without its X largest units, a zone still cools all its racks; units out of service do not count."""
    heat_w: dict[str, float] = defaultdict(float)
    for row, demand in row_demands(plan).items():
        heat_w[plan.rows[row].cooling_zone] += sum(demand.values())
    for name, zone in sorted(plan.site.cooling.zones.items()):
        capacities_kw = sorted(unit.capacity_kw for unit in units[name].values())
        left_kw = sum(capacities_kw[: max(0, len(capacities_kw) - zone.spares)])
        if left_kw * 1000 * (1 + 1e-9) < heat_w[name]:
            line = plan.site.line("cooling.yml", "zones", name)
            largest = "largest unit" if zone.spares == 1 else f"{zone.spares} largest units"
            without = f" without its {largest}" if zone.spares else ""
            what = f"zones.{name} cools {left_kw:g} kW{without}"
            problems.error("cooling.yml", line, what, f"the {heat_w[name] / 1000:.1f} kW that its racks draw")


def _spares(plan: Plan, problems: Problems) -> None:
    """Pass: each zone has a spare unit at least (GB 50174-2017: N+X per zone in class A, N+1 in class B)."""
    for name, zone in sorted(plan.site.cooling.zones.items()):
        if zone.spares < 1:
            line = plan.site.line("cooling.yml", "zones", name, "spares")
            klass = plan.site.place.required_class.value
            expected = f"spares of 1 or more (class {klass})"
            problems.error("cooling.yml", line, f"zones.{name} has no spare unit", expected)


def _paths(plan: Plan, units: Mapping[str, Mapping[str, Unit]], problems: Problems) -> None:
    """Pass: whatever path or upstream station is lost, some unit of each zone has power still."""
    power = plan.site.power
    for loss in losses(power):
        live = live_nodes(power, loss)
        for zone in sorted(plan.site.cooling.zones):
            fed = units[zone].values()
            if fed and loss.name and not any(source in live for unit in fed for source in unit.fed_from):
                line = plan.site.line("cooling.yml", "zones", zone)
                what = f"with {loss.name} lost, no unit of zone {zone} has power"
                problems.error("cooling.yml", line, what, "units fed from different paths")
