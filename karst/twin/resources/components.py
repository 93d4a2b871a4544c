"""Processors, memory, drives and network interfaces of a server."""

from __future__ import annotations

from karst.site.hardware import ServerSpec
from karst.twin import factory
from karst.twin.bmc import Bmc
from karst.twin.resources.common import OK
from karst.twin.state import Json, Power
from karst.twin.tree import Tree


def build(tree: Tree) -> None:
    """All components that the hardware spec counts."""
    spec = tree.spec.server
    assert spec is not None  # noqa: S101  # it is a server's tree
    _processors(tree, spec)
    _memory(tree, spec)
    _storage(tree, spec)
    _interfaces(tree)


def _ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{index}" for index in range(1, count + 1)]


def _processors(tree: Tree, spec: ServerSpec) -> None:
    path = f"{tree.system}/Processors"
    ids = _ids("CPU", spec.processors)
    tree.collection(path, "ProcessorCollection", "Processors", ids)
    for each in ids:
        about = {
            "Socket": each,
            "ProcessorType": "CPU",
            "Manufacturer": spec.processor_model.split()[0],
            "Model": spec.processor_model,
            "ProcessorArchitecture": "x86",
            "InstructionSet": "x86-64",
            "TotalCores": spec.processor_cores,
            "TotalThreads": 2 * spec.processor_cores,
            "Status": OK,
        }
        tree.add(f"{path}/{each}", "Processor.v1_20_0", f"Processor {each}", about)


def _memory(tree: Tree, spec: ServerSpec) -> None:
    path = f"{tree.system}/Memory"
    ids = _ids("DIMM", spec.memory_modules)
    tree.collection(path, "MemoryCollection", "Memory modules", ids)
    for each in ids:

        def read(bmc: Bmc, each: str = each) -> Json:
            slot = {"Location": {"PartLocation": {"LocationType": "Slot", "ServiceLabel": each}}}
            if each in bmc.defects.memory_absent:
                return {**slot, "Status": {"State": "Absent"}}
            return {
                **slot,
                "MemoryType": "DRAM",
                "MemoryDeviceType": "DDR5",
                "BaseModuleType": "RDIMM",
                "CapacityMiB": spec.memory_module_gib * 1024,
                "OperatingSpeedMhz": 4800,
                "ErrorCorrection": "NoECC" if each in bmc.defects.memory_without_ecc else "MultiBitECC",
                "SerialNumber": f"{bmc.identity.serial_number}{each}",
                "Status": OK,
            }

        tree.add(f"{path}/{each}", "Memory.v1_20_0", f"Memory module {each}", read)


def _storage(tree: Tree, spec: ServerSpec) -> None:
    path = f"{tree.system}/Storage"
    unit = f"{path}/1"
    tree.collection(path, "StorageCollection", "Storage", ["1"])
    ids = _ids("Disk", spec.drives)
    about = {
        "Status": OK,
        "Controllers": tree.ref(f"{unit}/Controllers"),
        "Drives@odata.count": len(ids),
        "Drives": tree.refs(f"{unit}/Drives/{each}" for each in ids),
        "Links": {"Enclosures": tree.refs([tree.chassis])},
    }
    tree.add(unit, "Storage.v1_17_1", "Local storage", about)
    tree.collection(f"{unit}/Controllers", "StorageControllerCollection", "Storage controllers", ["1"])
    controller = {
        "Manufacturer": tree.type.manufacturer,
        "Model": "NVMe",
        "SupportedDeviceProtocols": ["NVMe"],
        "Status": OK,
    }
    tree.add(f"{unit}/Controllers/1", "StorageController.v1_8_0", "Storage controller", controller)
    for each in ids:

        def read(bmc: Bmc, each: str = each) -> Json:
            failed = each in bmc.defects.drives_failed
            return {
                "Manufacturer": tree.type.manufacturer,
                "Model": f"NVMe {spec.drive_gb} GB",
                "SerialNumber": f"{bmc.identity.serial_number}{each}",
                "CapacityBytes": spec.drive_gb * 10**9,
                "MediaType": "SSD",
                "Protocol": "NVMe",
                "PredictedMediaLifeLeftPercent": 100,
                "FailurePredicted": failed,
                "Status": {"State": "Enabled", "Health": "Critical"} if failed else OK,
            }

        tree.add(f"{unit}/Drives/{each}", "Drive.v1_18_0", f"Drive {each}", read)


def _interfaces(tree: Tree) -> None:
    path = f"{tree.system}/EthernetInterfaces"
    ports = [port for port in tree.type.interfaces if not port.mgmt_only]
    ids = dict(zip(tree.shape.nic_ids, ports, strict=False))
    tree.collection(path, "EthernetInterfaceCollection", "Network interfaces", ids)
    for index, (each, port) in enumerate(ids.items()):
        digits = port.type.split("gbase")[0]
        speed_mbps = int(digits) * 1000 if digits.isdigit() else 1000

        def read(bmc: Bmc, each: str = each, index: int = index, speed_mbps: int = speed_mbps) -> Json:
            mac = factory.port_mac(bmc.name, index).upper()
            lit = bmc.get(Power).state == "On" and each not in bmc.defects.links_down
            return {
                "InterfaceEnabled": True,
                "MACAddress": mac,
                "PermanentMACAddress": mac,
                "SpeedMbps": speed_mbps if lit else None,
                "LinkStatus": "LinkUp" if lit else "LinkDown",
                "Status": OK,
            }

        tree.add(f"{path}/{each}", "EthernetInterface.v1_12_2", port.name, read)
