"""The server: who it is, its power, its boot override."""

from __future__ import annotations

from karst.twin import power
from karst.twin.bmc import Bmc
from karst.twin.errors import refuse
from karst.twin.messages import Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import allowable
from karst.twin.rules import Rule, parameters
from karst.twin.state import Boot, Json, Power, Settings
from karst.twin.tree import ROOT, Resource, Tree

_TARGETS = ("None", "Pxe", "Cd", "Usb", "Hdd", "BiosSetup", "UefiHttp")
_ENABLED = ("Disabled", "Once", "Continuous")
_POLICIES = ("AlwaysOn", "AlwaysOff", "LastState")
_BOOT = {
    "Boot.BootSourceOverrideEnabled": "enabled",
    "Boot.BootSourceOverrideTarget": "target",
    "Boot.BootSourceOverrideMode": "mode",
    "Boot.HttpBootUri": "http_uri",
}
_STATES = {"On": "Enabled", "Off": "StandbyOffline", "PoweringOn": "Starting", "PoweringOff": "Enabled"}
_NEED_POWER = ("GracefulRestart", "ForceRestart", "PowerCycle", "Nmi")

_RULES = {
    "AssetTag": Rule(high=63),
    "LocationIndicatorActive": Rule(bool),
    "PowerRestorePolicy": Rule(choices=_POLICIES),
    "Boot.BootSourceOverrideEnabled": Rule(choices=_ENABLED),
    "Boot.BootSourceOverrideTarget": Rule(choices=_TARGETS),
    "Boot.BootSourceOverrideMode": Rule(choices=("UEFI", "Legacy")),
    "Boot.HttpBootUri": Rule(nullable=True, high=1024),
}


def build(tree: Tree) -> None:
    """The system and its reset."""
    path, shape, spec = tree.system, tree.shape, tree.spec.server
    assert spec is not None  # noqa: S101  # it is a server's tree
    tree.collection(f"{ROOT}/Systems", "ComputerSystemCollection", "Systems", [shape.system_id])
    parts = ["Bios", "Processors", "Memory", "Storage", "EthernetInterfaces"]
    parts += ["LogServices"] if shape.log_on_system else []
    parts += ["VirtualMedia"] if shape.media_on_system else []
    about: Json = {
        "SystemType": "Physical",
        "Manufacturer": tree.type.manufacturer,
        "Model": tree.type.model,
        "SKU": tree.type.slug,
        "ProcessorSummary": {
            "Count": spec.processors,
            "Model": spec.processor_model,
            "CoreCount": spec.processors * spec.processor_cores,
        },
        **{part: tree.ref(f"{path}/{part}") for part in parts},
        "Links": {"Chassis": tree.refs([tree.chassis]), "ManagedBy": tree.refs([tree.manager])},
        "Actions": _actions(tree),
    }
    head = tree.head(path, "ComputerSystem.v1_22_2", tree.type.model)

    def read(bmc: Bmc) -> Json:
        state = bmc.get(Power)
        return {
            **head,
            **about,
            "BiosVersion": bmc.defects.firmware.get("BIOS", shape.bios_version),
            "MemorySummary": {
                "TotalSystemMemoryGiB": (spec.memory_modules - len(bmc.defects.memory_absent)) * spec.memory_module_gib
            },
            "SerialNumber": bmc.identity.serial_number,
            "UUID": str(bmc.identity.uuid),
            "AssetTag": "",
            "LocationIndicatorActive": False,
            "PowerState": state.state,
            "PowerRestorePolicy": state.restore_policy,
            "Status": {"State": _STATES[state.state], "Health": "OK", "HealthRollup": _health(bmc)},
            "BootProgress": {"LastState": power.progress(bmc)},
            "Boot": _boot(bmc.get(Boot)),
        }

    tree.put(Resource(path, read, lambda _: _RULES, lambda _, changes: Change("system", changes), settings=True))


def _actions(tree: Tree) -> Json:
    path, types = tree.system, list(tree.shape.reset_types)
    if not tree.shape.action_info:
        return tree.action(path, "ComputerSystem.Reset", _reset, info=allowable("ResetType", types))
    info = f"{path}/ResetActionInfo"
    parameter = {"Name": "ResetType", "Required": True, "DataType": "String", "AllowableValues": types}
    tree.add(info, "ActionInfo.v1_4_2", "Reset action info", {"Parameters": [parameter]})
    return tree.action(path, "ComputerSystem.Reset", _reset, info={"@Redfish.ActionInfo": tree.link(info)})


def _health(bmc: Bmc) -> str:
    return "OK" if all(bmc.world.electrics.inputs(bmc.name).values()) else "Warning"


def _boot(boot: Boot) -> Json:
    return {
        "BootSourceOverrideEnabled": boot.enabled,
        "BootSourceOverrideTarget": boot.target,
        "BootSourceOverrideMode": boot.mode,
        "HttpBootUri": boot.http_uri or None,
        **allowable("BootSourceOverrideTarget", _TARGETS),
        **allowable("BootSourceOverrideEnabled", _ENABLED),
    }


def _reset(bmc: Bmc, body: Json, _: Ask) -> Change:
    rules = {"ResetType": Rule(choices=bmc.shape.reset_types)}
    kind = parameters("ComputerSystem.Reset", body, rules, ("ResetType",))["ResetType"]
    if kind in _NEED_POWER and bmc.get(Power).state == "Off":
        raise refuse(409, "ResourceInStandby")
    return Change("reset", {"kind": kind})


@operation("reset")
def _carry_out(bmc: Bmc, arguments: Json) -> None:
    power.reset(bmc, arguments["kind"])


@operation("system")
def _system(bmc: Bmc, changes: Json) -> None:
    boot, state, settings = bmc.get(Boot), bmc.get(Power), bmc.get(Settings)
    for name, value in changes.items():
        if name in _BOOT:
            setattr(boot, _BOOT[name], value or "")
        elif name == "PowerRestorePolicy":
            state.restore_policy = value
        else:
            settings.values.setdefault(bmc.tree.system, {})[name] = value
    if boot.enabled == "Disabled":
        boot.target = "None"
    bmc.changed(boot, state, settings)
