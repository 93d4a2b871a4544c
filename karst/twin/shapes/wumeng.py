"""Wumeng: older. Numeric ids, links with a trailing slash, no subsystems, no query parameters."""

from types import MappingProxyType

from karst.twin.shapes.shape import RESET_TYPES, Shape

WUMENG = Shape(
    name="wumeng",
    vendor="Wumeng",
    system_id="1",
    manager_id="1",
    chassis_id="1",
    bmc_version="2.06",
    bios_version="0.52",
    redfish_version="1.6.0",
    slash=True,
    expand=False,
    select=False,
    patch_status=204,
    action_status=200,
    subsystems=False,
    log_id="IEL",
    bios_settings_id="SD",
    bios_pending_only=True,
    media_by_patch=True,
    reset_types=tuple(kind for kind in RESET_TYPES if kind != "PowerCycle"),
    media=("1", "2"),
    nic_ids=("1", "2"),
    attributes=MappingProxyType({"EmsConsole": "Com1", "PostF1Prompt": "Delayed20Sec"}),
)
