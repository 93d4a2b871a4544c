"""What `up`, `rotate` and `status` share: a checked site, its workspace, its twin, its stacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import typer

from karst.cli.console import Ticker, complain, say
from karst.cli.summary import Summary
from karst.plan.check import check
from karst.plan.model import Plan
from karst.plan.network.fabric import fabric
from karst.plan.pipeline import plan
from karst.site.load import load_with_warnings
from karst.site.problems import SiteError
from karst.twin.hosts_seed import host_seats
from karst.twin.network.devices import switch_seats
from karst.workspace import pulumi, ssh, twin, workspace
from karst.workspace.layers import StackOfSite, configure, discard_stale_config, stacks_of_site
from karst.workspace.paths import Paths
from karst.workspace.stack import Stack
from karst.workspace.workspace import Workspace

# Beside its racks, a hall's stack has the stack itself, the provider and the hall.
_BESIDE_RACKS = 1


@dataclass(frozen=True, slots=True)
class Build:
    """A site that is checked, and where it is built."""

    plan: Plan
    workspace: Workspace
    stacks: tuple[StackOfSite, ...]
    environment: dict[str, str]
    halls: frozenset[str] = frozenset()  # those that it is limited to

    def stack(self, what: StackOfSite) -> Stack:
        """One of its stacks."""
        return Stack(self.workspace.paths, what.name, self.environment)


def checked(place: Paths, site: str) -> Plan:
    """Load, plan and check a site, saying so. Raises SiteError, WorkspaceError."""
    loaded, warnings = load_with_warnings(place.site(site), place.hardware)
    planned = plan(loaded)
    problems = check(planned, date.today())
    if any(problem.severity == "error" for problem in problems):
        raise SiteError((*warnings, *problems))
    for warning in (*warnings, *problems):
        complain(str(warning))
    seats = planned.racks.values()
    servers = sum(len(planned.layout(seat).servers) for seat in seats)
    pdus = sum(len(planned.layout(seat).pdus) for seat in seats)
    say("check", f"{site}: {len(seats):,} racks, {servers:,} servers, {pdus:,} PDUs, plan {planned.hash[:12]}")
    members = sum(map(len, loaded.allocations.control_plane.values()))
    say("allocations", f"{len(loaded.allocations.racks):,} racks, {members:,} control plane members, none lacking")
    return planned


def prepare(place: Paths, site: str, halls: frozenset[str]) -> Build:
    """Everything up to the stacks' own work: check, workspace, twin, configuration.

    Raises SiteError, WorkspaceError, typer.BadParameter.
    """
    planned = checked(place, site)
    if unknown := halls - {seat.hall for seat in planned.racks.values()}:
        raise typer.BadParameter(f"no racks stand in {', '.join(sorted(unknown))}")
    authority = planned.site.place.services.certificate_authority
    is_new = not place.description.exists()
    room = workspace.load_or_create(place, site, authority.common_name, authority.organisation)
    if is_new:
        say("workspace", f"{place.home}: ports, secrets and a CA, all new")
    build = Build(planned, room, stacks_of_site(planned, halls), pulumi.environment(place), halls)
    hosts = _start_twin(build, halls)
    if not hosts:  # then it has no switches either
        build = replace(build, stacks=stacks_of_site(planned, halls, switches=False))
    for what in build.stacks:
        stack = build.stack(what)
        if not stack.exists:
            discard_stale_config(place, what)
            stack.create()
        configure(stack, what, planned, room, hosts, halls)
    return build


def _start_twin(build: Build, halls: frozenset[str]) -> bool:
    """Start it, and say whether its servers can have hosts."""
    seats = host_seats(build.plan) | switch_seats(fabric(build.plan))
    ssh.write(build.workspace.paths, seats, build.workspace.ports["ssh"])
    with Ticker("twin") as ticker:
        started = twin.ensure(build.workspace, build.plan, halls, build.environment, ticker.tell)
    how = "started" if started.is_new else "runs"
    say("twin", f"{how}: {started.bmcs:,} BMCs on port {build.workspace.ports['bmc']}, process {started.pid}")
    say("hosts", f"sshd at port {build.workspace.ports['ssh']}" if started.hosts else f"none: {started.no_hosts}")
    return started.hosts


def await_kubernetes(build: Build) -> None:
    """Wait until the twin's Kubernetes API answers; BMCs were not to wait for it. Raises WorkspaceError."""
    with Ticker("kubernetes") as ticker:
        twin.await_kubernetes(build.workspace.paths, ticker.tell)
    say("kubernetes", f"the API answers on port {build.workspace.ports['apiserver']}")


def expected_resources(build: Build, what: StackOfSite) -> int:
    """How many resources the program will declare in a stack; 0 if that is the cluster's matter."""
    if what.layer == "network":
        return len(fabric(build.plan).switches_of(build.halls))
    if what.hall is None:
        return 0
    return _BESIDE_RACKS + sum(seat.hall == what.hall for seat in build.plan.racks.values())


def summarise(build: Build) -> Summary:
    """The site as its stacks' state has it. Raises WorkspaceError."""
    summary = Summary(build.plan.site.place.name, build.plan.hash)
    for what in build.stacks:
        stack = build.stack(what)
        if stack.exists:
            summary.add(what.name, stack.resources())
    return summary
