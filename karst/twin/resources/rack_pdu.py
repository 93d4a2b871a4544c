"""A rack PDU: its input, branch circuits and outlets. Outlets that are switched off really cut power."""

from __future__ import annotations

from karst.site.hardware import Branch, RackPduSpec
from karst.twin import outlets
from karst.twin.bmc import Bmc
from karst.twin.messages import Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import OK, allowable
from karst.twin.rules import Rule, parameters
from karst.twin.state import Json
from karst.twin.tree import ROOT, Post, Tree

_EQUIPMENT = f"{ROOT}/PowerEquipment"
_CIRCUIT = "Circuit.v1_8_1"
_SWITCH = ("On", "Off", "PowerCycle")
# IEC 60320: what the sockets of these types bear, in A.
_SOCKETS = {"iec-60320-c13": ("IEC_60320_C13", 10), "iec-60320-c19": ("IEC_60320_C19", 16)}


def build(tree: Tree) -> None:
    """The rack PDU and all that hangs on it."""
    spec = tree.spec.rack_pdu
    assert spec is not None  # noqa: S101  # it is a rack PDU's tree
    pdus = f"{_EQUIPMENT}/RackPDUs"
    tree.add(_EQUIPMENT, "PowerEquipment.v1_2_2", "Power equipment", {"Status": OK, "RackPDUs": tree.ref(pdus)})
    tree.collection(pdus, "PowerDistributionCollection", "Rack PDUs", [tree.shape.pdu_id])
    path = tree.pdu
    about: Json = {
        "EquipmentType": "RackPDU",
        "Manufacturer": tree.type.manufacturer,
        "Model": tree.type.model,
        "PartNumber": tree.type.slug,
        "FirmwareVersion": tree.shape.bmc_version,
        "AssetTag": "",
        "Status": OK,
        **{part: tree.ref(f"{path}/{part}") for part in ("Mains", "Branches", "Outlets", "Metrics")},
        "Links": {"Chassis": tree.refs([tree.chassis]), "ManagedBy": tree.refs([tree.manager])},
    }

    def read(bmc: Bmc) -> Json:
        return {**about, "SerialNumber": bmc.identity.serial_number, "UUID": str(bmc.identity.uuid)}

    tree.add(path, "PowerDistribution.v1_4_0", tree.type.model, read, {"AssetTag": Rule(high=63)})
    tree.add(
        f"{path}/Metrics",
        "PowerDistributionMetrics.v1_4_0",
        "Metrics",
        lambda bmc: {
            "PowerWatts": {"Reading": round(bmc.world.electrics.pdu_w(bmc.name), 1)},
            "EnergykWh": {"Reading": round(bmc.world.electrics.pdu_kwh(bmc.name), 4)},
        },
    )
    _mains(tree, spec)
    _branches(tree, spec)
    _outlets(tree, spec)


def _mains(tree: Tree, spec: RackPduSpec) -> None:
    path = f"{tree.pdu}/Mains"
    tree.collection(path, "CircuitCollection", "Mains", ["AC1"])
    lines = [f"Line{index}" for index in range(1, spec.phases + 1)]
    wiring = {1: "OnePhase3Wire", 2: "TwoPhase4Wire", 3: "ThreePhase5Wire"}[spec.phases]

    def read(bmc: Bmc) -> Json:
        electrics = bmc.world.electrics
        live = electrics.mains(bmc.name)
        watts = electrics.phase_w(bmc.name)
        return {
            "CircuitType": "Mains",
            "PhaseWiringType": wiring,
            "NominalVoltage": "AC400V" if spec.phases == 3 else "AC230V",
            "RatedCurrentAmps": spec.input_a,
            "BreakerState": "Normal",
            "PowerWatts": {"Reading": round(sum(watts), 1)},
            "PolyPhaseCurrentAmps": {
                line: {"Reading": round(each / spec.voltage_v, 2)} for line, each in zip(lines, watts, strict=True)
            },
            "PolyPhaseVoltage": {f"{line}ToNeutral": {"Reading": spec.voltage_v if live else 0.0} for line in lines},
            "Status": OK if live else {"State": "Enabled", "Health": "Critical"},
        }

    tree.add(f"{path}/AC1", _CIRCUIT, "Mains input", read)


def _branches(tree: Tree, spec: RackPduSpec) -> None:
    path = f"{tree.pdu}/Branches"
    tree.collection(path, "CircuitCollection", "Branch circuits", spec.branches)
    for name, branch in spec.branches.items():
        _branch(tree, spec, name, branch)


def _branch(tree: Tree, spec: RackPduSpec, name: str, branch: Branch) -> None:
    path = f"{tree.pdu}/Branches/{name}"
    about: Json = {
        "CircuitType": "Branch",
        "PhaseWiringType": "OnePhase3Wire",
        "NominalVoltage": "AC230V",
        "RatedCurrentAmps": branch.rating_a,
        "Links": {"Outlets": tree.refs(f"{tree.pdu}/Outlets/{outlet}" for outlet in branch.outlets)},
        "Actions": tree.action(
            path, "Circuit.BreakerControl", _breaker(name), info=allowable("PowerState", _SWITCH[:2])
        ),
    }

    def read(bmc: Bmc) -> Json:
        electrics = bmc.world.electrics
        state = electrics.breaker(bmc.name, name)
        watts = electrics.branch_w(bmc.name, name)
        closed = state == "Normal" and electrics.mains(bmc.name)
        return {
            **about,
            "BreakerState": state,
            "Voltage": {"Reading": spec.voltage_v if closed else 0.0},
            "CurrentAmps": {"Reading": round(watts / spec.voltage_v, 2)},
            "PowerWatts": {"Reading": round(watts, 1)},
            "Status": {"State": "Enabled", "Health": "Critical" if state == "Tripped" else "OK"},
        }

    tree.add(path, _CIRCUIT, f"Branch circuit {name}", read)


def _outlets(tree: Tree, spec: RackPduSpec) -> None:
    path = f"{tree.pdu}/Outlets"
    types = {socket.name: socket.type for socket in tree.type.power_outlets}
    branch_of = {outlet: name for name, branch in spec.branches.items() for outlet in branch.outlets}
    tree.collection(path, "OutletCollection", "Outlets", branch_of)
    for name, branch in branch_of.items():
        _outlet(tree, spec, name, branch, types.get(name, "iec-60320-c13"))


def _outlet(tree: Tree, spec: RackPduSpec, name: str, branch: str, socket: str) -> None:
    path = f"{tree.pdu}/Outlets/{name}"
    kind, rated_a = _SOCKETS.get(socket, _SOCKETS["iec-60320-c13"])
    about: Json = {
        "OutletType": kind,
        "RatedCurrentAmps": rated_a,
        "NominalVoltage": "AC230V",
        "VoltageType": "AC",
        "PhaseWiringType": "OnePhase3Wire",
        "Links": {"BranchCircuit": tree.ref(f"{tree.pdu}/Branches/{branch}")},
        "Actions": tree.action(
            path, "Outlet.PowerControl", _outlet_switch(name), info=allowable("PowerState", _SWITCH)
        ),
        "Status": OK,
    }

    def read(bmc: Bmc) -> Json:
        electrics = bmc.world.electrics
        on = electrics.outlet_on(bmc.name, name)
        watts = electrics.outlet_w(bmc.name, name)
        return {
            **about,
            "PowerState": "On" if on else "Off",
            "PowerEnabled": True,
            "Voltage": {"Reading": spec.voltage_v if electrics.live(bmc.name, name) else 0.0},
            "CurrentAmps": {"Reading": round(watts / spec.voltage_v, 2)},
            "PowerWatts": {"Reading": round(watts, 1)},
            "EnergykWh": {"Reading": round(electrics.outlet_kwh(bmc.name, name), 4)},
        }

    tree.add(path, "Outlet.v1_4_4", f"Outlet {name}", read)


def _outlet_switch(name: str) -> Post:
    def post(_: Bmc, body: Json, __: Ask) -> Change:
        given = parameters("Outlet.PowerControl", body, {"PowerState": Rule(choices=_SWITCH)}, ("PowerState",))
        return Change("outlet", {"outlet": name, "state": given["PowerState"]})

    return post


def _breaker(name: str) -> Post:
    def post(_: Bmc, body: Json, __: Ask) -> Change:
        given = parameters("Circuit.BreakerControl", body, {"PowerState": Rule(choices=_SWITCH[:2])}, ("PowerState",))
        return Change("breaker", {"branch": name, "state": given["PowerState"]})

    return post


@operation("outlet")
def _switched(bmc: Bmc, arguments: Json) -> None:
    outlets.switch(bmc, arguments["outlet"], arguments["state"])


@operation("breaker")
def _controlled(bmc: Bmc, arguments: Json) -> None:
    outlets.control_breaker(bmc, arguments["branch"], arguments["state"])
