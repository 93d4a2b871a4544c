"""Firmware inventory."""

from __future__ import annotations

from karst.twin.bmc import Bmc
from karst.twin.resources.common import OK
from karst.twin.state import Json
from karst.twin.tree import ROOT, Tree

SERVICE = f"{ROOT}/UpdateService"


def build(tree: Tree) -> None:
    """The update service with what is installed; it installs nothing."""
    inventory = f"{SERVICE}/FirmwareInventory"
    about = {
        "ServiceEnabled": True,
        "Status": OK,
        "FirmwareInventory": tree.ref(inventory),
        "Actions": {"Oem": {}},  # clients look here for SimpleUpdate, and some refuse a service without the property
    }
    tree.add(SERVICE, "UpdateService.v1_14_1", "Update service", about)
    versions = {"BMC": tree.shape.bmc_version}
    if tree.is_server:
        versions["BIOS"] = tree.shape.bios_version
    tree.collection(inventory, "SoftwareInventoryCollection", "Firmware", versions)
    for name, version in versions.items():
        about = {
            "Manufacturer": tree.type.manufacturer,
            "Updateable": False,
            "Status": OK,
            "RelatedItem": tree.refs([tree.system if name == "BIOS" else tree.manager]),
        }

        def read(bmc: Bmc, name: str = name, version: str = version, about: Json = about) -> Json:
            return {**about, "Version": bmc.defects.firmware.get(name, version)}

        tree.add(f"{inventory}/{name}", "SoftwareInventory.v1_10_2", f"{name} firmware", read)
