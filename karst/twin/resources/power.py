"""Power supplies of a server: PowerSubsystem where the shape has it, and the older Power."""

from __future__ import annotations

from karst.site.hardware import PowerPort, ServerSpec
from karst.twin.bmc import Bmc
from karst.twin.resources.common import OK
from karst.twin.state import Json
from karst.twin.tree import Tree

# Output over input of a PSU at usual load (80 PLUS Platinum asks for 94 % at half load).
_EFFICIENCY = 0.94
_LINE_V = 230.0
_DEFAULT_W = 800  # of a device type that names no maximum draw


def build(tree: Tree) -> None:
    """Power supplies, in one or two ways."""
    spec = tree.spec.server
    assert spec is not None  # noqa: S101  # it is a server's tree
    if tree.shape.subsystems:
        _subsystem(tree, spec)
    _older(tree, spec)


def _lost(bmc: Bmc, port: str) -> bool:
    return not bmc.world.electrics.inputs(bmc.name)[port]


def _absent(bmc: Bmc, port: str) -> bool:
    return port in bmc.defects.supplies_absent


def _status(bmc: Bmc, port: str) -> Json:
    if _absent(bmc, port):
        return {"State": "Absent"}
    return {"State": "Enabled", "Health": "Critical" if _lost(bmc, port) else "OK"}


def _together(bmc: Bmc, spec: ServerSpec) -> Json:
    """Status of the redundant group."""
    inputs = bmc.world.electrics.inputs(bmc.name)
    alive = sum(inputs.values())
    health = "OK" if alive == len(inputs) else "Warning" if alive >= spec.psus_needed else "Critical"
    return {"State": "Enabled", "Health": health}


def _about(tree: Tree, bmc: Bmc, port: PowerPort) -> Json:
    if _absent(bmc, port.name):
        return {"Status": _status(bmc, port.name)}
    return {
        "PowerSupplyType": "AC",
        "Manufacturer": tree.type.manufacturer,
        "Model": f"PSU-{port.maximum_draw or _DEFAULT_W}",
        "SerialNumber": f"{bmc.identity.serial_number}{port.name}",
        "PowerCapacityWatts": port.maximum_draw or _DEFAULT_W,
        "Status": _status(bmc, port.name),
    }


def _subsystem(tree: Tree, spec: ServerSpec) -> None:
    path = f"{tree.chassis}/PowerSubsystem"
    supplies = f"{path}/PowerSupplies"
    ports = tree.type.power_ports
    members = [f"{supplies}/{port.name}" for port in ports]

    def read(bmc: Bmc) -> Json:
        return {
            "CapacityWatts": sum(port.maximum_draw or _DEFAULT_W for port in ports[: spec.psus_needed]),
            "Allocation": {"AllocatedWatts": spec.budget_w, "RequestedWatts": spec.budget_w},
            "PowerSupplies": tree.ref(supplies),
            "PowerSupplyRedundancy": [
                {
                    "RedundancyType": "NPlusM",
                    "MinNeededInGroup": spec.psus_needed,
                    "MaxSupportedInGroup": len(ports),
                    "RedundancyGroup": tree.refs(members),
                    "Status": _together(bmc, spec),
                }
            ],
            "Status": _together(bmc, spec),
        }

    tree.add(path, "PowerSubsystem.v1_1_2", "Power subsystem", read)
    tree.collection(supplies, "PowerSupplyCollection", "Power supplies", [port.name for port in ports])
    for port, member in zip(ports, members, strict=True):
        _supply(tree, port, member)


def _supply(tree: Tree, port: PowerPort, path: str) -> None:
    def read(bmc: Bmc) -> Json:
        if _absent(bmc, port.name):
            return {**_about(tree, bmc, port), "Metrics": tree.ref(f"{path}/Metrics")}
        return {
            **_about(tree, bmc, port),
            "LineInputStatus": "LossOfInput" if _lost(bmc, port.name) else "Normal",
            "InputNominalVoltageType": "AC200To240V",
            "HotPluggable": True,
            "Metrics": tree.ref(f"{path}/Metrics"),
        }

    def metrics(bmc: Bmc) -> Json:
        watts = bmc.world.electrics.port_w(bmc.name)[port.name]
        return {
            "Status": _status(bmc, port.name),
            "InputVoltage": {"Reading": 0.0 if _lost(bmc, port.name) else _LINE_V},
            "InputCurrentAmps": {"Reading": round(watts / _LINE_V, 2)},
            "InputPowerWatts": {"Reading": round(watts, 1)},
            "OutputPowerWatts": {"Reading": round(watts * _EFFICIENCY, 1)},
        }

    tree.add(path, "PowerSupply.v1_6_0", f"Power supply {port.name}", read)
    tree.add(f"{path}/Metrics", "PowerSupplyMetrics.v1_1_2", f"Metrics of {port.name}", metrics)


def _older(tree: Tree, spec: ServerSpec) -> None:
    path = f"{tree.chassis}/Power"
    ports = tree.type.power_ports

    def item(kind: str, index: int) -> str:
        return f"{tree.link(path)}#/{kind}/{index}"

    def supply(bmc: Bmc, index: int, port: PowerPort, watts: float) -> Json:
        slot = {
            "@odata.id": item("PowerSupplies", index),
            "MemberId": str(index),
            "Name": f"Power supply {port.name}",
            **_about(tree, bmc, port),
        }
        if _absent(bmc, port.name):
            return slot
        return {
            **slot,
            "LineInputVoltageType": "AC240V",
            "LineInputVoltage": 0.0 if _lost(bmc, port.name) else _LINE_V,
            "PowerInputWatts": round(watts, 1),
            "LastPowerOutputWatts": round(watts * _EFFICIENCY, 1),
            "Redundancy": [{"@odata.id": item("Redundancy", 0)}],
        }

    def read(bmc: Bmc) -> Json:
        watts = bmc.world.electrics.port_w(bmc.name)
        together = _together(bmc, spec)
        return {
            "PowerControl": [
                {
                    "@odata.id": item("PowerControl", 0),
                    "MemberId": "0",
                    "Name": "Server power",
                    "PowerConsumedWatts": round(sum(watts.values()), 1),
                    "PowerCapacityWatts": sum(port.maximum_draw or _DEFAULT_W for port in ports[: spec.psus_needed]),
                    "PowerAllocatedWatts": spec.budget_w,
                    "Status": OK,
                }
            ],
            "PowerSupplies": [supply(bmc, index, port, watts[port.name]) for index, port in enumerate(ports)],
            "Redundancy": [
                {
                    "@odata.id": item("Redundancy", 0),
                    "MemberId": "0",
                    "Name": "Power supply redundancy",
                    "Mode": "N+m",
                    "MinNumNeeded": spec.psus_needed,
                    "MaxNumSupported": len(ports),
                    "RedundancySet": [{"@odata.id": item("PowerSupplies", index)} for index in range(len(ports))],
                    "Status": together,
                }
            ],
        }

    tree.add(path, "Power.v1_7_3", "Power", read)
