"""`karst power`: one server's power, by hand; with the same care for whom it hurts as the provider."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from karst.cli.console import faults_as_sentences, out
from karst.cli.reach import reach
from karst.plan.model import Plan, Server
from karst.plan.pipeline import plan
from karst.plan.server import server as planned_server
from karst.provider.bounds import Bounds, LockedError, lock_folder
from karst.provider.config import Configuration
from karst.provider.model import ServerArgs
from karst.provider.planned import server_args
from karst.provider.visit import CredentialError, IdentityError, visit
from karst.redfish.errors import RedfishError
from karst.redfish.system import FORCE_OFF, OFF, ON, RESTART, System
from karst.site.base import Status
from karst.site.load import load
from karst.site.problems import nearest
from karst.workspace import paths
from karst.workspace.paths import Paths, UnknownNameError, WorkspaceError

_PATIENCE_S = 300.0


class Action(StrEnum):
    """What to do with a server's power."""

    STATE = "state"
    ON = "on"
    OFF = "off"
    RESTART = "restart"


_FAULTS = (RedfishError, IdentityError, CredentialError, LockedError)


@dataclass(frozen=True, slots=True)
class _Target:
    """A server, and what opens its BMC."""

    server: Server
    args: ServerArgs
    configuration: Configuration
    environment: dict[str, str]


def power(
    server: Annotated[str, typer.Argument(help="Full name, h1-r1-01-s03.", metavar="SERVER")],
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.STATE,
    site: Annotated[str, typer.Option("--site", help="The server's site.")] = "lab",
    yes: Annotated[bool, typer.Option("--yes", help="Consent to it that an active server goes down.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Cut it off without asking its operating system.")] = False,
) -> None:
    """Say or change the power of one server, through its BMC, whose identity is checked first.

    `off` and `restart` are graceful unless --force is given. A held server is not touched, nor one that is planned or
    failed. Pulumi will find the change and, at the next `up`, mend it: what is to stay is declared in racks.yml.

    Examples: `karst power h1-r1-01-s03` says how it is; `karst power h1-r1-01-s03 restart --yes` restarts it, and
    with it come staged settings into effect. Exit code 0 if it was done, 1 if not, 2 for an unknown server.
    """
    with faults_as_sentences():
        target = _target(paths.find(), site, server)
        refusal = _refusal(target.server, action, yes)
        if refusal:
            raise WorkspaceError(refusal)
        os.environ.update(target.environment)  # the locks that engines respect lie where it says
        try:
            state = asyncio.run(_act(target, action, force))
        except _FAULTS as fault:
            raise WorkspaceError(f"{server}: {fault}") from None
    out.print(f"{server}: {state}", markup=False)


def _target(place: Paths, site: str, name: str) -> _Target:
    """Raises SiteError, WorkspaceError, UnknownNameError."""
    planned = plan(load(place.site(site), place.hardware))
    server = _find(planned, name)
    found = reach(place, planned, planned.racks[server.rack].hall, name)
    try:
        args = server_args(server, found.out_of_band)
    except ValueError as fault:
        raise WorkspaceError(str(fault)) from None
    return _Target(server, args, found.configuration, found.environment)


def _find(planned: Plan, name: str) -> Server:
    try:
        return planned_server(planned, name)
    except KeyError:
        seat = next((each for each in planned.racks if name.startswith(f"{each}-")), None)
        among = [f"{seat}-{short}" for short in planned.layout(planned.racks[seat]).servers] if seat else planned.racks
        raise UnknownNameError(f"the plan has no server {name}{nearest(name, list(among))}") from None


def _refusal(server: Server, action: Action, yes: bool) -> str:
    """Why it may not be done; nothing if it may."""
    if action is Action.STATE:
        return ""
    if server.hold:
        hold = server.hold
        return f"{server.name} is held by {hold.who} until {hold.until} ({hold.why}); it was not touched"
    if server.status in (Status.PLANNED, Status.FAILED):
        return f"{server.name} is {server.status.value}; it was not touched"
    if action in (Action.OFF, Action.RESTART) and server.status is Status.ACTIVE and not yes:
        return f"{server.name} is active, and what runs on it would go down: --yes consents to that"
    return ""


async def _act(target: _Target, action: Action, force: bool) -> str:
    configuration, args = target.configuration, target.args
    generation = configuration.credential_generation
    bounds = Bounds(1, lock_folder())
    async with (
        bounds.alone(args.endpoint),
        visit(args, configuration, bounds, generation, known=generation) as found,
    ):
        system = found.system
        match action:
            case Action.ON if system.power != "On":
                await system.reset(ON, ("On", "PoweringOn"))
                system = await system.wait_power("On", _PATIENCE_S)
            case Action.OFF if system.power != "Off":
                await system.reset(FORCE_OFF if force else OFF, ("Off", "PoweringOff"))
                system = await system.wait_power("Off", _PATIENCE_S)
            case Action.RESTART:
                system = await _restart(system, force)
        return system.power or "not known"


async def _restart(system: System, force: bool) -> System:
    if system.power == "Off":
        raise WorkspaceError("it is off; there is nothing to restart")
    wanted = [kind for kind in RESTART if kind.startswith("Graceful") != force]
    await system.reset(wanted, ())
    return await system.wait_power("On", _PATIENCE_S)
