"""From what was observed of a rack to findings. Pure: the same observation gives the same findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from karst.site.base import Status
from karst.verify.checks import (
    FABRIC_CHECKS,
    FIRMWARE,
    HOST_CHECKS,
    IDENTITY,
    PDU_CHECKS,
    SERVER_CHECKS,
    branches,
    cords,
    sources,
)
from karst.verify.checks.base import Check
from karst.verify.expected import ExpectedDevice, ExpectedRack
from karst.verify.expected_network import ExpectedNetwork
from karst.verify.finding import Alert, Finding, Outcome, Verdict
from karst.verify.observed import Observed, ObservedThing

BMC_GROUPS = ("identity", "power", "cooling", "compute", "storage", "network", "firmware")
HOST_GROUPS = ("os", "time")
FABRIC = "fabric"
GROUPS = (*BMC_GROUPS, *HOST_GROUPS, FABRIC)


def evaluate(
    rack: ExpectedRack, observed: Observed, only: Collection[str] = (), before: Sequence[Observed] = ()
) -> list[Finding]:
    """Return every check's findings on the devices that are in `observed`; only those of groups `only`, if given.

    Who we speak to is always asked: of another device nothing else means anything. Readings of watts `before` this
    one help to tell cords apart.
    """
    return list(_findings(rack, observed, frozenset(only) or frozenset(GROUPS), before))


def _findings(
    rack: ExpectedRack, observed: Observed, groups: frozenset[str], before: Sequence[Observed]
) -> Iterator[Finding]:
    for name, server in rack.servers.items():
        if name in observed.servers:
            yield from _device(server, observed.servers[name], (IDENTITY, *SERVER_CHECKS, FIRMWARE), groups)
        if name in observed.hosts and server.has_host:
            yield from _device(server, observed.hosts[name], HOST_CHECKS, groups)
    for name, pdu in rack.pdus.items():
        if name in observed.pdus:
            yield from _device(pdu, observed.pdus[name], (IDENTITY, *PDU_CHECKS, FIRMWARE), groups)
    if "power" in groups and (observed.servers or observed.pdus):
        yield from cord_findings(rack, [*before, observed])
        for name, verdict in branches.branches(rack, observed):
            yield finding(rack.pdus[name], branches.NAME, branches.ALERT, verdict)


def cord_findings(rack: ExpectedRack, readings: Sequence[Observed]) -> Iterator[Finding]:
    """Yield what one or several readings of a rack say of its cords; what else they say is left aside."""
    for name, verdict in cords.cords(rack, readings):
        yield finding(rack.servers[name], cords.NAME, cords.ALERT, verdict)


def time_findings(planned: Mapping[str, str], racks: Iterable[ExpectedRack], observed: Observed) -> Iterator[Finding]:
    """Yield what all hosts together say of the site's time sources (name -> address): of a source, and of a host."""
    everyone = {name: server for rack in racks for name, server in rack.servers.items() if server.has_host}
    seen = {name: host for name, host in observed.hosts.items() if name in everyone}
    # What is held is being worked on: it bears no witness.
    judged = sources.judge(planned, seen, {name for name in seen if everyone[name].hold is None})
    if seen:
        for name, verdict in judged.sources.items():
            yield Finding(name, sources.SOURCE, "", verdict.outcome, verdict.sentence, sources.SOURCE_ALERT)
    for name, verdicts in judged.hosts.items():
        for verdict in verdicts:
            yield finding(everyone[name], sources.HOST, sources.HOST_ALERT, verdict)


def fabric_findings(network: ExpectedNetwork, observed: Observed) -> Iterator[Finding]:
    """Yield what each switch and host that was asked says of its part of the network."""
    for name, seen in observed.nodes.items():
        if name in network:
            yield from _device(network.node(name), seen, FABRIC_CHECKS, frozenset({FABRIC}))


def _device(
    expected: ExpectedDevice, observed: ObservedThing, checks: Iterable[Check[Any, Any]], groups: frozenset[str]
) -> Iterator[Finding]:
    for check in checks:
        if (check is IDENTITY or group(check.name) in groups) and check.applies(expected):
            for verdict in check.judge(expected, observed):
                yield finding(expected, check.name, check.alert, verdict)


def group(check: str) -> str:
    """`power` of `power.redundancy`."""
    return check.partition(".")[0]


def sections(only: Collection[str] = ()) -> frozenset[str]:
    """Return the sections of an observation that the checks of these groups read; all of them without any."""
    wanted = frozenset(only) or frozenset(GROUPS)
    checks: list[Check[Any, Any]] = [*SERVER_CHECKS, *PDU_CHECKS, FIRMWARE]
    return frozenset(section for check in checks if group(check.name) in wanted for section in check.reads) | {"power"}


def finding(expected: ExpectedDevice, check: str, alert: Alert, verdict: Verdict) -> Finding:
    """A verdict on a device as a finding, excused where a hold or the status is its reason."""
    excused = "" if verdict.outcome is Outcome.PASSED else _excuse(expected, verdict.outcome)
    return Finding(expected.name, check, verdict.part, verdict.outcome, verdict.sentence, alert, excused)


def _excuse(expected: ExpectedDevice, outcome: Outcome) -> str:
    if expected.hold is not None:
        return f"held by {expected.hold.who} until {expected.hold.until}: {expected.hold.why}"
    # What is off cannot tell much; what it does tell has to be right all the same.
    if expected.status is not Status.ACTIVE and outcome is Outcome.UNOBSERVED:
        return f"its status is {expected.status.value}"
    return ""
