"""What `karst verify` does between its arguments and its report."""

from __future__ import annotations

import asyncio
import os
import resource

from karst import collector
from karst.cli.console import Ticker
from karst.cli.reach import reach, reach_switches
from karst.plan.model import Plan
from karst.plan.server import seat_of
from karst.provider.bounds import Bounds, lock_folder
from karst.verify.hosts import HostTarget
from karst.verify.outlet_test import outlet_test, refusal
from karst.verify.verify import Racks, Reach, Report, Samples, choose, choose_switches, halls_of
from karst.verify.verify import verify as verified
from karst.workspace.paths import Paths, UnknownNameError, WorkspaceError


def racks_of(place: Paths, planned: Plan, limit: list[str]) -> Racks:
    """Raises WorkspaceError, UnknownNameError."""
    halls = dict.fromkeys(seat.hall for seat in planned.racks.values())
    # The halls of a site are often built one by one: only those that the limit names have to be reached.
    wanted = halls_of(planned, limit) if limit else list(halls)
    switches, network_halls, no_switches = _switches(place, planned, limit)
    if not wanted and not switches:
        raise UnknownNameError(f"no rack or device of {planned.site.place.name} matches {', '.join(limit)}")
    found = {}
    for hall in wanted:
        made = reach(place, planned, hall, f"hall {hall}")
        os.environ.update(made.environment)  # the locks that engines respect lie where it says
        found[hall] = Reach(made.configuration, made.out_of_band, made.hosts, made.no_hosts)
    try:
        racks = choose(planned, found, limit)
    except ValueError as fault:
        raise WorkspaceError(str(fault)) from None
    racks.switches, racks.network_halls, racks.no_switches = switches, network_halls, no_switches
    return racks


def _switches(place: Paths, planned: Plan, limit: list[str]) -> tuple[dict[str, HostTarget], frozenset[str], str]:
    """The switches to be asked and the halls of the network, or why none is: not every site's network is Karst's."""
    try:
        reached, halls = reach_switches(place, planned)
    except WorkspaceError as fault:
        return {}, frozenset(), str(fault)
    return choose_switches(planned, reached, halls, limit), halls, ""


def swept(planned: Plan, racks: Racks, only: list[str], samples: Samples | None = None) -> Report:
    """One run, with its progress on standard error."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a connection and a lock file for every BMC of a hall
    collector.relax()
    targets = (target for each in racks.targets.values() for target in each.values())
    concurrency = min((target.configuration.concurrency for target in targets), default=1)
    with Ticker("verify") as ticker:
        # Not uvloop, for the same reason as in the provider (karst/provider/main.py).
        return asyncio.run(
            verified(
                planned,
                racks,
                Bounds(concurrency, lock_folder()),
                only,
                ticker.tell,
                samples,
            )
        )


def tested_outlets(place: Paths, planned: Plan, server: str, consent: bool) -> Report:
    """Verify the power of the server's whole rack, and if that allows it, test its outlets.

    Raises WorkspaceError with the reason why not, UnknownNameError.
    """
    try:
        seat, _ = seat_of(planned, server)
    except KeyError:
        raise UnknownNameError(f"the plan has no server {server}") from None
    racks = racks_of(place, planned, [seat.name])
    report = swept(planned, racks, ["power"])
    expected = racks.racks[seat.name].servers[server]
    why = refusal(expected, report.findings, consent)
    if why:
        raise WorkspaceError(f"no outlet was touched: {why}")
    with Ticker("outlet test") as ticker:
        tested = outlet_test(expected, racks.targets[seat.name], Bounds(2, lock_folder()), ticker.tell)
        report.findings = asyncio.run(tested)
    return report
