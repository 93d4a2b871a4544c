"""The controller itself: what it is, its network protocols, its restart."""

from __future__ import annotations

from karst.twin.bmc import Bmc
from karst.twin.messages import Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import OK, allowable, stamp
from karst.twin.rules import Rule, parameters
from karst.twin.state import Json
from karst.twin.tree import ROOT, Tree

_RESETS = ("GracefulRestart", "ForceRestart")


def build(tree: Tree) -> None:
    """The manager, its protocols and its interface."""
    path = tree.manager
    tree.collection(f"{ROOT}/Managers", "ManagerCollection", "Managers", [tree.shape.manager_id])
    action = tree.action(path, "Manager.Reset", _reset, "ConfigureManager", allowable("ResetType", _RESETS))
    links: Json = {"ManagerForChassis": tree.refs([tree.chassis]), "ManagerInChassis": tree.ref(tree.chassis)}
    if tree.is_server:
        links["ManagerForServers"] = tree.refs([tree.system])
    about: Json = {
        "ManagerType": "BMC" if tree.is_server else "ManagementController",
        "Manufacturer": tree.type.manufacturer,
        "Model": f"{tree.type.model} controller",
        "PowerState": "On",
        "DateTimeLocalOffset": "+00:00",
        "Status": OK,
        "NetworkProtocol": tree.ref(f"{path}/NetworkProtocol"),
        "EthernetInterfaces": tree.ref(f"{path}/EthernetInterfaces"),
        "Links": links,
        "Actions": action,
    }
    if not tree.shape.log_on_system:
        about["LogServices"] = tree.ref(f"{path}/LogServices")
    if tree.is_server and not tree.shape.media_on_system:
        about["VirtualMedia"] = tree.ref(f"{path}/VirtualMedia")

    def read(bmc: Bmc) -> Json:
        who = bmc.identity
        own = {"UUID": str(who.uuid), "ServiceEntryPointUUID": str(who.uuid), "SerialNumber": who.serial_number}
        own |= {"FirmwareVersion": bmc.defects.firmware.get("BMC", tree.shape.bmc_version)}
        return {**about, **own, "DateTime": stamp(bmc.world.now()), "ServiceIdentification": ""}

    rules = {"ServiceIdentification": Rule(high=99)}
    tree.add(path, "Manager.v1_19_2", "Controller", read, rules, privilege="ConfigureManager")
    _protocols(tree, f"{path}/NetworkProtocol")
    _interface(tree, f"{path}/EthernetInterfaces")


def _protocols(tree: Tree, path: str) -> None:
    fixed = {
        "Status": OK,
        "HTTPS": {"ProtocolEnabled": True, "Port": 443, "Certificates": tree.ref(f"{path}/HTTPS/Certificates")},
        "HTTP": {"ProtocolEnabled": False, "Port": 80},
    }

    def read(bmc: Bmc) -> Json:
        writable = {
            "HostName": bmc.identity.serial_number.lower(),
            "SSH": {"ProtocolEnabled": False, "Port": 22},
            "IPMI": {"ProtocolEnabled": False, "Port": 623},
            "NTP": {"ProtocolEnabled": False, "NTPServers": []},
        }
        return fixed | writable

    rules = {
        "HostName": Rule(low=1, high=63),
        "SSH.ProtocolEnabled": Rule(bool),
        "IPMI.ProtocolEnabled": Rule(bool),
        "NTP.ProtocolEnabled": Rule(bool),
        "NTP.NTPServers": Rule(list, high=4, accept=lambda value: _all_texts(value)),
    }
    tree.add(path, "ManagerNetworkProtocol.v1_10_1", "Network protocols", read, rules, privilege="ConfigureManager")


def _all_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _interface(tree: Tree, path: str) -> None:
    tree.collection(path, "EthernetInterfaceCollection", "Controller interfaces", ["1"])

    def read(bmc: Bmc) -> Json:
        address = bmc.world.electrics.cabling.addresses[bmc.name]
        return {
            "InterfaceEnabled": True,
            "MACAddress": bmc.identity.mac.upper(),
            "PermanentMACAddress": bmc.identity.mac.upper(),
            "SpeedMbps": 1000,
            "FullDuplex": True,
            "LinkStatus": "LinkUp",
            "IPv4Addresses": [{"Address": address, "SubnetMask": "255.0.0.0", "AddressOrigin": "DHCP"}],
            "Status": OK,
        }

    tree.add(f"{path}/1", "EthernetInterface.v1_12_2", "Controller interface", read)


def _reset(_: Bmc, body: Json, __: Ask) -> Change:
    parameters("Manager.Reset", body, {"ResetType": Rule(choices=_RESETS)})
    return Change("manager_reset", {})


@operation("manager_reset")
def _restart(bmc: Bmc, _: Json) -> None:
    bmc.sessions.clear()
    bmc.dark_until = bmc.world.now() + bmc.world.timing.bmc_start_s
    bmc.log("The controller is being restarted.", "ResourceEvent.1.4.ResourceStateChanged")
