"""The outlet test: switch off each planned outlet of one server in turn, and see which of its supplies loses its input.

It proves a cord where watts cannot, and it acts: on one outlet at a time, which is on again whatever happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from time import monotonic

from karst.plan.model import Cord
from karst.provider.bounds import Bounds, LockedError
from karst.provider.visit import CredentialError, IdentityError, Visit, visit
from karst.redfish.errors import RedfishError
from karst.site.base import Status
from karst.verify.checks.power import has_input
from karst.verify.evaluate import finding
from karst.verify.expected import ExpectedServer
from karst.verify.finding import Alert, Finding, Outcome, Verdict, failed, passed, unobserved
from karst.verify.ports import at_ports
from karst.verify.reading import devices
from karst.verify.sweep import Target

NAME = "power.outlet_test"

# A BMC looks at its supplies every few seconds, and a supply may hold its word on a lost input for some more.
LOSS_SHOWS_S = 20.0
_RETURN_SHOWS_S = 60.0
_POLL_S = 0.5

# What has to be right with every server of the rack first: the outlet may feed another one than planned.
_NEEDED = ("identity.device", "power.supplies_present", "power.supplies_well", "power.input", "power.redundancy")


def refusal(server: ExpectedServer, findings: Collection[Finding], consent: bool) -> str:
    """Why it may not be done; nothing if it may. `findings`: of the server's whole rack, just now."""
    if server.hold:
        return f"{server.name} is held by {server.hold.who} until {server.hold.until} ({server.hold.why})"
    if not server.looked_at:
        return f"{server.name} is {server.status.value}"
    if server.status is not Status.STAGED and not consent:
        status = server.status.value
        return f"{server.name} is {status}, not staged, and loses one path for a while: --yes consents to that"
    doubts = [each for each in findings if each.check in _NEEDED and each.outcome is not Outcome.PASSED]
    if doubts:
        first = doubts[0]
        what = " ".join(filter(None, (first.check, first.part)))
        why = "an outlet may feed another server than planned, which would go down"
        return f"{why}: {first.device} {what}: {first.sentence}"
    return ""


async def outlet_test(
    server: ExpectedServer,
    targets: Mapping[str, Target],
    bounds: Bounds,
    tell: Callable[[str], None],
    loss_shows_s: float = LOSS_SHOWS_S,
) -> list[Finding]:
    """Test every cord of a server, one after the other; a finding each. Whoever calls has asked `refusal`."""
    found = []
    for cord in server.cords:
        tell(f"outlet {cord.outlet} of {cord.pdu}")
        try:
            verdict = await _cord(server, cord, targets, bounds, loss_shows_s)
        except (RedfishError, IdentityError, CredentialError, LockedError) as fault:
            verdict = unobserved(str(fault), cord.power_port)
        found.append(finding(server, NAME, Alert.PAGE, verdict))
    return found


async def _cord(
    server: ExpectedServer, cord: Cord, targets: Mapping[str, Target], bounds: Bounds, loss_shows_s: float
) -> Verdict:
    async with _open(targets[server.name], bounds) as visited, _open(targets[cord.pdu], bounds) as strip:
        before = await _fed(server, visited)
        if not all(before.values()):
            lost = ", ".join(port for port, fed in before.items() if not fed)
            return unobserved(f"{lost} had no input before: the server might have gone down", cord.power_port)
        outlet = (await strip.pdu.outlets()).get(cord.outlet)
        if outlet is None:
            return failed(f"{cord.pdu} has no outlet {cord.outlet}", cord.power_port)
        try:
            await outlet.switch("Off")
            lost_ports = await _lost(server, visited, loss_shows_s)
        finally:
            # Come what may, an interrupt too.
            await asyncio.shield(asyncio.ensure_future(outlet.switch("On")))
        dark = await _dark(server, visited)
        if dark:
            return failed(f"{dark} got no input again after the outlet was on again", cord.power_port)
        return judged(cord, lost_ports)


def judged(cord: Cord, lost: Collection[str]) -> Verdict:
    """What it says of a cord that the supplies at ports `lost` lost their input."""
    words = f"outlet {cord.outlet} of {cord.pdu}"
    if set(lost) == {cord.power_port}:
        return passed(f"{words} feeds it: it lost its input with it", cord.power_port)
    if lost:
        return failed(f"{words} feeds {', '.join(sorted(lost))}", cord.power_port)
    return failed(f"{words} feeds no supply of this server", cord.power_port)


@asynccontextmanager
async def _open(target: Target, bounds: Bounds) -> AsyncIterator[Visit]:
    generation = target.configuration.credential_generation
    async with (
        bounds.alone(target.args.endpoint),
        visit(target.args, target.configuration, bounds, generation, known=generation) as found,
    ):
        yield found


async def _fed(server: ExpectedServer, visited: Visit) -> dict[str, bool]:
    seen = await devices.server(visited.bmc, visited.system, frozenset({"supplies"}), ())
    supplies = at_ports(server.ports, seen.supplies or {})
    return {port: supply is not None and has_input(supply) is True for port, supply in supplies.items()}


async def _lost(server: ExpectedServer, visited: Visit, within_s: float) -> set[str]:
    """Ports without input, as soon as there is one; none if there is none for as long as a loss takes to show."""
    deadline = monotonic() + within_s
    while True:
        lost = {each for each, fed in (await _fed(server, visited)).items() if not fed}
        if lost or monotonic() > deadline:
            return lost
        await asyncio.sleep(_POLL_S)


async def _dark(server: ExpectedServer, visited: Visit) -> str:
    """Ports that have no input in the end; none if all got it back."""
    deadline = monotonic() + _RETURN_SHOWS_S
    while True:
        dark = [port for port, fed in (await _fed(server, visited)).items() if not fed]
        if not dark or monotonic() > deadline:
            return ", ".join(dark)
        await asyncio.sleep(_POLL_S)
