"""Leigong: wary. Every PATCH needs If-Match, every change of weight is a task, and few sessions fit."""

from types import MappingProxyType

from karst.twin.shapes.shape import RESET_TYPES, Shape

LEIGONG = Shape(
    name="leigong",
    vendor="Leigong",
    system_id="Node0",
    manager_id="BMC",
    chassis_id="Enclosure",
    bmc_version="7.4.1",
    bios_version="U41-2.84",
    redfish_version="1.15.1",
    if_match_required=True,
    weak_etags=True,
    deferred=frozenset({"reset", "bios", "bios_reset", "account", "certificate"}),
    session_limit=8,
    session_timeout_s=300,
    patch_status=200,
    action_status=200,
    media_on_system=True,
    log_on_system=True,
    log_id="SEL",
    named_accounts=True,
    reset_types=RESET_TYPES,
    media=("Cd", "Usb1"),
    nic_ids=("1", "2"),
    attributes=MappingProxyType({"COM1Enable": "On", "NumaNodesPerSocket": 1}),
)
