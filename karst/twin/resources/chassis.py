"""The box: what it is, its sensors, what it takes from the power and gives to the air."""

from __future__ import annotations

from collections.abc import Callable

from karst.twin import heat
from karst.twin.bmc import Bmc
from karst.twin.errors import refuse
from karst.twin.resources.common import OK
from karst.twin.rules import Rule
from karst.twin.state import Json, Power
from karst.twin.tree import ROOT, Tree

Reading = Callable[[Bmc], float]


def build(tree: Tree) -> None:
    """The chassis of a server or a rack PDU."""
    path = tree.chassis
    tree.collection(f"{ROOT}/Chassis", "ChassisCollection", "Chassis", [tree.shape.chassis_id])
    links: Json = {"ManagedBy": tree.refs([tree.manager]), "ManagersInChassis": tree.refs([tree.manager])}
    links |= (
        {"ComputerSystems": tree.refs([tree.system])} if tree.is_server else {"PowerDistribution": tree.ref(tree.pdu)}
    )
    parts: tuple[str, ...] = ()
    if tree.is_server:
        # The older two are what most clients still read; the newer ones are what the older makers lack.
        parts = ("Power", "Thermal")
        parts += ("PowerSubsystem", "ThermalSubsystem", "EnvironmentMetrics") if tree.shape.subsystems else ()
    parts += ("Sensors",) if tree.shape.subsystems else ()
    about: Json = {
        "ChassisType": "RackMount",
        "Manufacturer": tree.type.manufacturer,
        "Model": tree.type.model,
        "PartNumber": tree.type.slug,
        "Status": OK,
        "LocationIndicatorActive": False,
        **{part: tree.ref(f"{path}/{part}") for part in parts},
        "Links": links,
    }

    def read(bmc: Bmc) -> Json:
        who = bmc.identity
        state = bmc.get(Power).state if tree.is_server else "On"
        return {**about, "SerialNumber": who.serial_number, "UUID": str(who.uuid), "PowerState": state, "AssetTag": ""}

    rules = {"AssetTag": Rule(high=63), "LocationIndicatorActive": Rule(bool)}
    tree.add(path, "Chassis.v1_25_1", tree.type.model, read, rules)
    if tree.shape.subsystems:
        _sensors(tree)
    if tree.is_server and tree.shape.subsystems:
        _environment(tree)


def _sensors(tree: Tree) -> None:
    path = f"{tree.chassis}/Sensors"
    found: dict[str, tuple[str, str, str, Reading]] = {}  # id -> type, unit, context, reading
    if tree.is_server:
        found["Inlet"] = ("Temperature", "Cel", "Intake", heat.inlet_c)
        found["Exhaust"] = ("Temperature", "Cel", "Exhaust", heat.exhaust_c)
        found["Power"] = ("Power", "W", "Chassis", lambda bmc: bmc.world.electrics.server_w(bmc.name))
    else:
        found["Power"] = ("Power", "W", "Chassis", lambda bmc: bmc.world.electrics.pdu_w(bmc.name))
        found["Temperature"] = ("Temperature", "Cel", "Chassis", heat.inlet_c)
    tree.collection(path, "SensorCollection", "Sensors", found)
    for name, (kind, unit, context, reading) in found.items():
        about = {"ReadingType": kind, "ReadingUnits": unit, "PhysicalContext": context, "Status": OK}
        limits: Json = {}
        if name == "Inlet" and tree.spec.server is not None:
            limits = {"Thresholds": {"UpperCaution": {"Reading": tree.spec.server.inlet_max_c}}}

        def read(bmc: Bmc, name: str = name, about: Json = about | limits, reading: Reading = reading) -> Json:
            if name in bmc.defects.sensors_lost:
                raise refuse(404, "ResourceMissingAtURI", f"{path}/{name}")
            return {**about, "Reading": round(reading(bmc), 1)}

        tree.add(f"{path}/{name}", "Sensor.v1_10_1", f"{name} sensor", read)


def _environment(tree: Tree) -> None:
    sensors = f"{tree.chassis}/Sensors"

    def read(bmc: Bmc) -> Json:
        def excerpt(name: str, value: float) -> Json:
            return {"DataSourceUri": tree.link(f"{sensors}/{name}"), "Reading": heat.reading(bmc, name, value)}

        return {
            "TemperatureCelsius": excerpt("Inlet", heat.inlet_c(bmc)),
            "PowerWatts": excerpt("Power", bmc.world.electrics.server_w(bmc.name)),
        }

    tree.add(f"{tree.chassis}/EnvironmentMetrics", "EnvironmentMetrics.v1_4_0", "Environment metrics", read)
