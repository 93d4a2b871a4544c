"""How the BMCs of a hall are reached from this clone: by the configuration of the hall's stack."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karst.plan.model import Plan
from karst.provider.config import BMCS, Configuration, parse
from karst.provider.planned import HostMap, OutOfBandMap
from karst.verify.hosts import HostReach
from karst.workspace import pulumi
from karst.workspace.paths import Paths, WorkspaceError
from karst.workspace.stack import Stack


@dataclass(frozen=True, slots=True)
class HallReach:
    """What opens a hall's BMCs and hosts, and the environment in which the locks that engines respect lie.

    Without `hosts` none is to be asked, and `no_hosts` says why.
    """

    configuration: Configuration
    out_of_band: OutOfBandMap
    environment: dict[str, str]
    hosts: HostReach | None = None
    no_hosts: str = ""


def reach(place: Paths, plan: Plan, hall: str, what: str) -> HallReach:
    """Read the stack of a hall. `what` is wanted there, for the sentences. Raises WorkspaceError."""
    stack, environment = _stack(place, f"{plan.site.place.name}-metal-{hall}")
    config = _config(stack, what)
    given = {key: value for key, value in config.items() if key in Configuration.__dataclass_fields__}
    configuration, faults = parse(given, BMCS)
    if configuration is None:
        raise WorkspaceError("; ".join(f"{stack.name}, karst:{fault.path}: {fault.reason}" for fault in faults))
    try:
        out_of_band = OutOfBandMap.of(plan, config.get("out_of_band_map"))
        host_map = HostMap.of(plan, config.get("host_map"))
    except ValueError as fault:
        raise WorkspaceError(str(fault)) from None
    hosts, no_hosts = _hosts(config, host_map, place.ssh_config if environment else None)
    return HallReach(configuration, out_of_band, environment, hosts, no_hosts)


def reach_switches(place: Paths, plan: Plan) -> tuple[HostReach, frozenset[str]]:
    """Read the stack of the site's network: how switches are reached, and of which halls they are (none: of all).

    Raises WorkspaceError where there is none, or it does not say how.
    """
    stack, environment = _stack(place, f"{plan.site.place.name}-network")
    config = _config(stack, "switches")
    if "ssh_ca" not in config:
        raise WorkspaceError(f"{stack.name} has no karst:ssh_ca by which a switch could prove who it is")
    try:
        switch_map = HostMap.of_switches(plan, config.get("switch_map"))
    except ValueError as fault:
        raise WorkspaceError(str(fault)) from None
    reached = HostReach(str(config["ssh_ca"]), switch_map, place.ssh_config if environment else None)
    halls = config.get("halls") or []
    if not isinstance(halls, list):
        raise WorkspaceError(f"{stack.name} has {halls!r} as karst:halls; expected a list of halls")
    return reached, frozenset(halls)


def _config(stack: Stack, what: str) -> dict[str, Any]:
    try:
        return {key.removeprefix("karst:"): value for key, value in stack.config().items()}
    except FileNotFoundError:
        raise WorkspaceError(
            f"nothing says how to reach {what}: this clone has no twin with a stack {stack.name} (`make up`), "
            "and for a real site's there is no pulumi on PATH"
        ) from None
    except WorkspaceError as fault:
        raise WorkspaceError(f"no stack {stack.name} says how to reach {what}: {fault}") from None


def _hosts(config: Mapping[str, Any], host_map: HostMap, ssh_config: Path | None) -> tuple[HostReach | None, str]:
    """How hosts are reached, or why they are not. `ssh_config` is the twin's; a real site's is the operator's own."""
    if str(config.get("install", "true")).lower() == "false":
        return None, "karst:install is false, so they are not Karst's"
    if "ssh_ca" not in config:
        return None, "there is no karst:ssh_ca by which one could prove who it is"
    return HostReach(str(config["ssh_ca"]), host_map, ssh_config), ""


def _stack(place: Paths, name: str) -> tuple[Stack, dict[str, str]]:
    """The twin's stack if this clone has it, else the real site's that the shell's own environment leads to."""
    with suppress(WorkspaceError):
        environment = pulumi.environment(place)
        twins = Stack(place, name, environment)
        if twins.exists:
            return twins, environment
    return Stack(place, name, {}), {}
