"""Fans, temperatures and leaks: by ThermalSubsystem and Sensors, or the older Thermal."""

from __future__ import annotations

from dataclasses import dataclass, field

from karst.redfish.resource import Resource
from karst.verify.observed import Fan
from karst.verify.reading.reader import Reader, number, state

_INTAKE, _EXHAUST = "Intake", "Exhaust"
_SECTIONS = {_INTAKE: "inlet_c", _EXHAUST: "exhaust_c"}


@dataclass(slots=True)
class Air:
    """What one server's chassis tell of air."""

    fans: dict[str, Fan] | None = None
    celsius: dict[str, float] = field(default_factory=dict)  # physical context -> the warmest reading
    leaks: dict[str, str] | None = None

    def warm(self, context: str, celsius: float | None) -> None:
        """Take in a reading."""
        if celsius is not None:
            self.celsius[context] = max(celsius, self.celsius.get(context, celsius))


async def air(reader: Reader, chassis: list[Resource], wanted: frozenset[str]) -> Air:
    """Everything of air that `wanted` names (`fans`, `inlet_c`, `exhaust_c`, `leaks`)."""
    found = Air()
    for each in chassis:
        await _newer(reader, each, found, wanted)
    if found.fans is None or len(found.celsius) < len(_SECTIONS):
        for each in chassis:
            await _older(reader, each, found)
    for context, section in _SECTIONS.items():
        if context not in found.celsius:
            reader.gap(section, f"no sensor of the {'inlet' if context == _INTAKE else 'exhaust'} tells a temperature")
    return found


async def _newer(reader: Reader, chassis: Resource, found: Air, wanted: frozenset[str]) -> None:
    path = chassis.link("ThermalSubsystem")
    subsystem = await reader.get(path, "fans") if path else None
    if subsystem is None:
        return
    if "fans" in wanted:
        members = await reader.members(subsystem.link("Fans"), "fans")
        if members is not None:
            found.fans = (found.fans or {}) | {name: _fan(each) for name, each in members.items()}
    if wanted & set(_SECTIONS.values()):
        metrics = await reader.get(subsystem.link("ThermalMetrics"), "inlet_c")
        for context in _SECTIONS if metrics else ():
            found.warm(context, number(metrics.at("TemperatureSummaryCelsius", context) if metrics else None))
        if len(found.celsius) < len(_SECTIONS):
            await _sensors(reader, chassis, found)
    if "leaks" in wanted and subsystem.link("LeakDetection"):
        await _leaks(reader, subsystem, found)


def _fan(resource: Resource) -> Fan:
    speed = resource.at("SpeedPercent")
    rpm = speed.get("SpeedRPM") if isinstance(speed, dict) else None
    return Fan(**state(resource), speed_percent=number(speed), speed_rpm=number(rpm))


async def _sensors(reader: Reader, chassis: Resource, found: Air) -> None:
    path = chassis.link("Sensors")
    members = await reader.members(path, "inlet_c") if path else None
    for each in (members or {}).values():
        context = each.text("PhysicalContext")
        if each.text("ReadingType") == "Temperature" and context in _SECTIONS:
            found.warm(context, number(each.at("Reading")))


async def _leaks(reader: Reader, subsystem: Resource, found: Air) -> None:
    detection = await reader.get(subsystem.link("LeakDetection"), "leaks")
    members = await reader.members(detection.link("LeakDetectors"), "leaks") if detection else None
    if members is not None:
        found.leaks = (found.leaks or {}) | {
            name: each.text("DetectorState") or "unknown" for name, each in members.items()
        }


async def _older(reader: Reader, chassis: Resource, found: Air) -> None:
    path = chassis.link("Thermal")
    thermal = await reader.get(path, "fans") if path else None
    if thermal is None:
        return
    fans = thermal.at("Fans")
    if found.fans is None and isinstance(fans, list):
        resources = [Resource(path or "", each) for each in fans if isinstance(each, dict)]
        found.fans = {_name(each, index): _older_fan(each) for index, each in enumerate(resources)}
    temperatures = thermal.at("Temperatures")
    missing = [context for context in _SECTIONS if context not in found.celsius]
    for entry in temperatures if isinstance(temperatures, list) else []:
        if isinstance(entry, dict) and entry.get("PhysicalContext") in missing:
            found.warm(entry["PhysicalContext"], number(entry.get("ReadingCelsius")))


def _older_fan(each: Resource) -> Fan:
    speed, unit = number(each.at("Reading")), each.text("ReadingUnits")
    percent, rpm = (speed, None) if unit == "Percent" else (None, speed)
    return Fan(**state(each), speed_percent=percent, speed_rpm=rpm)


def _name(each: Resource, index: int) -> str:
    return each.text("Name") or each.text("FanName") or each.text("MemberId") or str(index)
