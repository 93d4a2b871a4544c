"""Fans and temperatures of a server: ThermalSubsystem where the shape has it, and the older Thermal."""

from __future__ import annotations

from karst.site.hardware import ServerSpec
from karst.twin import heat
from karst.twin.bmc import Bmc
from karst.twin.resources.common import OK
from karst.twin.state import Json
from karst.twin.tree import Tree


def build(tree: Tree) -> None:
    """Fans and temperatures, in one or two ways."""
    spec = tree.spec.server
    assert spec is not None  # noqa: S101  # it is a server's tree
    if tree.shape.subsystems:
        _subsystem(tree, spec)
    _older(tree, spec)


def _fan_status(bmc: Bmc, fan: str) -> Json:
    return {"State": "Enabled", "Health": "Critical"} if fan in bmc.defects.fans_dead else OK


def _subsystem(tree: Tree, spec: ServerSpec) -> None:
    path = f"{tree.chassis}/ThermalSubsystem"
    fans, sensors = f"{path}/Fans", f"{tree.chassis}/Sensors"
    ids = [f"Fan{index}" for index in range(1, spec.fans + 1)]
    about = {
        "Fans": tree.ref(fans),
        "ThermalMetrics": tree.ref(f"{path}/ThermalMetrics"),
        "FanRedundancy": [
            {
                "RedundancyType": "NPlusM",
                "MinNeededInGroup": spec.fans_needed,
                "MaxSupportedInGroup": spec.fans,
                "RedundancyGroup": tree.refs(f"{fans}/{each}" for each in ids),
                "Status": OK,
            }
        ],
        "Status": OK,
    }
    tree.add(path, "ThermalSubsystem.v1_3_3", "Thermal subsystem", about)
    tree.collection(fans, "FanCollection", "Fans", ids)

    for each in ids:

        def fan(bmc: Bmc, each: str = each) -> Json:
            turns = each not in bmc.defects.fans_dead
            speed = {"Reading": heat.fan_percent(bmc) * turns, "SpeedRPM": heat.fan_rpm(bmc) * turns}
            return {
                "PhysicalContext": "Chassis",
                "HotPluggable": True,
                "SpeedPercent": speed,
                "Status": _fan_status(bmc, each),
            }

        tree.add(f"{fans}/{each}", "Fan.v1_5_2", each, fan)

    def metrics(bmc: Bmc) -> Json:
        def excerpt(name: str, celsius: float) -> Json:
            return {"DataSourceUri": tree.link(f"{sensors}/{name}"), "Reading": heat.reading(bmc, name, celsius)}

        inlet, exhaust = heat.inlet_c(bmc), heat.exhaust_c(bmc)
        return {
            "TemperatureSummaryCelsius": {"Intake": excerpt("Inlet", inlet), "Exhaust": excerpt("Exhaust", exhaust)},
            "TemperatureReadingsCelsius": [
                {**excerpt("Inlet", inlet), "DeviceName": "Inlet"},
                {**excerpt("Exhaust", exhaust), "DeviceName": "Exhaust"},
            ],
        }

    tree.add(f"{path}/ThermalMetrics", "ThermalMetrics.v1_3_2", "Thermal metrics", metrics)


def _older(tree: Tree, spec: ServerSpec) -> None:
    path = f"{tree.chassis}/Thermal"

    def item(kind: str, index: int) -> str:
        return f"{tree.link(path)}#/{kind}/{index}"

    def temperature(bmc: Bmc, index: int, name: str, context: str, celsius: float) -> Json:
        lost = name in bmc.defects.sensors_lost
        return {
            "@odata.id": item("Temperatures", index),
            "MemberId": str(index),
            "Name": name,
            "PhysicalContext": context,
            "ReadingCelsius": heat.reading(bmc, name, celsius),
            "Status": {"State": "UnavailableOffline"} if lost else OK,
        }

    def fan(bmc: Bmc, index: int) -> Json:
        name = f"Fan{index + 1}"
        return {
            "@odata.id": item("Fans", index),
            "MemberId": str(index),
            "Name": name,
            "PhysicalContext": "Backplane",
            "Reading": heat.fan_rpm(bmc) * (name not in bmc.defects.fans_dead),
            "ReadingUnits": "RPM",
            "Redundancy": [{"@odata.id": item("Redundancy", 0)}],
            "Status": _fan_status(bmc, name),
        }

    def read(bmc: Bmc) -> Json:
        inlet = temperature(bmc, 0, "Inlet", "Intake", heat.inlet_c(bmc))
        return {
            "Temperatures": [
                {**inlet, "UpperThresholdNonCritical": spec.inlet_max_c},
                temperature(bmc, 1, "Exhaust", "Exhaust", heat.exhaust_c(bmc)),
            ],
            "Fans": [fan(bmc, index) for index in range(spec.fans)],
            "Redundancy": [
                {
                    "@odata.id": item("Redundancy", 0),
                    "MemberId": "0",
                    "Name": "Fan redundancy",
                    "Mode": "N+m",
                    "MinNumNeeded": spec.fans_needed,
                    "MaxNumSupported": spec.fans,
                    "RedundancySet": [{"@odata.id": item("Fans", index)} for index in range(spec.fans)],
                    "Status": OK,
                }
            ],
        }

    tree.add(path, "Thermal.v1_7_3", "Thermal", read)
