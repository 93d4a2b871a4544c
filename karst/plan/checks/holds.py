"""Checks of holds: a hand that was to be lifted by now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from karst.plan.model import Plan
from karst.site.base import Component, Hold
from karst.site.problems import Problems


def check_holds(plan: Plan, today: date, problems: Problems) -> None:
    """Pass: no hold is past its last day. Fail: a warning, as the hold stands until a person lifts it."""
    for file, path, hold in _holds(plan):
        if hold.until < today:
            what = f"{'.'.join(path)}: the hold of {hold.who} ({hold.why}) ended on {hold.until}"
            line = plan.site.line(file, *path, "hold", "until")
            problems.warn(file, line, what, "the hold lifted, or a new day until which it stands")


def _holds(plan: Plan) -> Iterator[tuple[str, tuple[str, ...], Hold]]:
    """Yield every hold as written: in patterns, in racks that differ, and in plant."""
    racks = plan.site.racks
    for pattern_name, pattern in racks.patterns.items():
        kinds: Mapping[str, Mapping[str, Component]] = {"servers": pattern.servers, "pdus": pattern.pdus}
        for kind, components in kinds.items():
            for name, component in components.items():
                if component.hold:
                    yield "racks.yml", ("patterns", pattern_name, kind, name), component.hold
    for rack_name, change in racks.racks.items():
        for kind, devices in (("servers", change.servers), ("pdus", change.pdus)):
            for name, device in devices.items():
                if device.hold:
                    yield "racks.yml", ("racks", rack_name, kind, name), device.hold
    yield from _plant_holds(plan)


def _plant_holds(plan: Plan) -> Iterator[tuple[str, tuple[str, ...], Hold]]:
    power, cooling = plan.site.power, plan.site.cooling
    plant: Mapping[tuple[str, str], Mapping[str, Component]] = {
        ("power.yml", "utility_sources"): power.utility_sources,
        ("power.yml", "transformers"): power.transformers,
        ("power.yml", "switchgear"): power.switchgear,
        ("power.yml", "generators"): power.generators,
        ("power.yml", "transfer_switches"): power.transfer_switches,
        ("power.yml", "ups"): power.ups,
        ("power.yml", "busways"): power.busways,
        ("cooling.yml", "loops"): cooling.loops,
        ("cooling.yml", "units"): cooling.units,
        ("network.yml", "carriers"): plan.site.network.carriers,
    }
    for (file, kind), components in plant.items():
        for name, component in components.items():
            if component.hold:
                yield file, (kind, name), component.hold
