"""How the BMCs of a hall are reached from this clone: by the configuration of the hall's stack."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from karst.plan.model import Plan
from karst.provider.config import Configuration, parse
from karst.provider.planned import OutOfBandMap
from karst.workspace import pulumi
from karst.workspace.paths import Paths, WorkspaceError
from karst.workspace.stack import Stack


@dataclass(frozen=True, slots=True)
class HallReach:
    """What opens a hall's BMCs, and the environment in which the locks that engines respect lie."""

    configuration: Configuration
    out_of_band: OutOfBandMap
    environment: dict[str, str]


def reach(place: Paths, plan: Plan, hall: str, what: str) -> HallReach:
    """Read the stack of a hall. `what` is wanted there, for the sentences. Raises WorkspaceError."""
    stack, environment = _stack(place, f"{plan.site.place.name}-metal-{hall}")
    try:
        config = {key.removeprefix("karst:"): value for key, value in stack.config().items()}
    except FileNotFoundError:
        raise WorkspaceError(
            f"nothing says how to reach {what}: this clone has no twin with a stack {stack.name} (`make up`), "
            "and for a real site's there is no pulumi on PATH"
        ) from None
    except WorkspaceError as fault:
        raise WorkspaceError(f"no stack {stack.name} says how to reach {what}: {fault}") from None
    given = {key: value for key, value in config.items() if key in Configuration.__dataclass_fields__}
    configuration, faults = parse({"credential_generation": 1, **given})
    if configuration is None:
        raise WorkspaceError("; ".join(f"{stack.name}, karst:{fault.path}: {fault.reason}" for fault in faults))
    try:
        out_of_band = OutOfBandMap.of(plan, config.get("out_of_band_map"))
    except ValueError as fault:
        raise WorkspaceError(str(fault)) from None
    return HallReach(configuration, out_of_band, environment)


def _stack(place: Paths, name: str) -> tuple[Stack, dict[str, str]]:
    """The twin's stack if this clone has it, else the real site's that the shell's own environment leads to."""
    with suppress(WorkspaceError):
        environment = pulumi.environment(place)
        twins = Stack(place, name, environment)
        if twins.exists:
            return twins, environment
    return Stack(place, name, {}), {}
