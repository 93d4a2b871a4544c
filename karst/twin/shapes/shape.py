"""What may differ from one maker's BMC to another's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Shape:
    """One maker's BMC. Ids name path segments; `deferred` names the operations that answer 202 with a task."""

    name: str
    vendor: str
    manager_id: str
    chassis_id: str
    bmc_version: str
    system_id: str = ""  # servers only
    pdu_id: str = ""  # rack PDUs only
    bios_version: str = ""
    redfish_version: str = "1.18.0"
    slash: bool = False  # links end with a slash
    if_match_required: bool = False  # PATCH without If-Match: 428
    weak_etags: bool = False
    deferred: frozenset[str] = frozenset()
    session_limit: int = 32
    session_timeout_s: int = 1800
    expand: bool = True
    select: bool = True
    patch_status: int = 200  # or 204, without a body
    action_status: int = 204  # or 200, with a message
    action_info: bool = False  # allowable values in an ActionInfo of their own, not inline
    subsystems: bool = True  # PowerSubsystem and ThermalSubsystem
    media_on_system: bool = False  # VirtualMedia hangs on the system, not the manager
    log_on_system: bool = False
    log_id: str = "EventLog"
    named_accounts: bool = False  # an account's id is its user name
    accounts_max: int = 16
    bios_settings_id: str = "Settings"
    bios_pending_only: bool = False  # the settings object shows only what waits
    media_by_patch: bool = False  # VirtualMedia has no actions
    reset_types: tuple[str, ...] = ()
    media: tuple[str, ...] = ("CD", "USBStick")
    nic_ids: tuple[str, ...] = ("NIC.1", "NIC.2")
    # BIOS attributes beside those of the hardware spec, which Karst does not manage.
    attributes: Mapping[str, str | int | bool] = field(default_factory=lambda: MappingProxyType({}))


RESET_TYPES = (
    "On",
    "ForceOff",
    "GracefulShutdown",
    "GracefulRestart",
    "ForceRestart",
    "Nmi",
    "PowerCycle",
)
