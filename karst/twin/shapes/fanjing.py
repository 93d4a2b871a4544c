"""Fanjing: follows the newest schemas, both the subsystems and the older Power and Thermal."""

from types import MappingProxyType

from karst.twin.shapes.shape import RESET_TYPES, Shape

FANJING = Shape(
    name="fanjing",
    vendor="Fanjing",
    system_id="System.Embedded.1",
    manager_id="Manager.Embedded.1",
    chassis_id="Chassis.Embedded.1",
    bmc_version="4.20.1",
    bios_version="2.8.0",
    action_info=True,
    reset_types=(*RESET_TYPES, "PushPowerButton", "ForceOn"),
    nic_ids=("NIC.Slot.1-1", "NIC.Slot.1-2"),
    attributes=MappingProxyType({"SerialConsole": "Enabled", "FanFloorPercent": 20, "QuietBoot": True}),
)
