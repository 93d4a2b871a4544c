"""A site, or part of it, verified: swept, judged, and the watts of cords that are in doubt read again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from time import monotonic

from karst.plan.model import Plan
from karst.plan.network.fabric import fabric
from karst.plan.rack import rack as planned_rack
from karst.provider.bounds import Bounds
from karst.provider.config import Configuration
from karst.provider.planned import OutOfBandMap, rack_args
from karst.site.names import device_name
from karst.verify.checks import cords
from karst.verify.evaluate import (
    BMC_GROUPS,
    FABRIC,
    GROUPS,
    HOST_GROUPS,
    cord_findings,
    evaluate,
    fabric_findings,
    sections,
    time_findings,
)
from karst.verify.expected import ExpectedDevice, ExpectedRack, expected_rack
from karst.verify.expected_network import ExpectedNetwork
from karst.verify.finding import Finding, Outcome
from karst.verify.hosts import HostReach, HostTarget, observe_nodes
from karst.verify.hosts import observe as observe_hosts
from karst.verify.observed import Observed
from karst.verify.sweep import Sweep, Target

Tell = Callable[[str], None]

WATTS = frozenset({"supplies", "outlets"})

# Racks whose watts are read again at the same time. All at once would take as long for each as for all together, and
# loads would have moved between a supply's meter and its outlet's.
_RACKS_ABREAST = 8
# BGP comes to rest within two seconds after a link; a session that has to be set up anew within five.
_FABRIC_READINGS = 3
_FABRIC_EVERY_S = 4.0


@dataclass(frozen=True, slots=True)
class Samples:
    """How often watts are read at most until every cord is proven, and how long loads are given to move."""

    number: int = 1
    every_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Reach:
    """How the BMCs and hosts of a hall are reached. Without `hosts` none is; `no_hosts` says why."""

    configuration: Configuration
    out_of_band: OutOfBandMap
    hosts: HostReach | None = None
    no_hosts: str = ""


@dataclass(slots=True)
class Report:
    """What came of it. `left_out`: device -> why it was not looked at."""

    site: str
    plan: str
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    devices: int = 0
    hosts: int = 0
    no_hosts: str = ""  # why those of some hall were not asked
    switches: int = 0
    no_switches: str = ""  # why none was asked
    took_s: float = 0.0

    def count(self, outcome: Outcome) -> int:
        """How many findings there are of an outcome, without those that are excused."""
        return sum(each.outcome is outcome and not each.excused for each in self.findings)

    @property
    def excused(self) -> int:
        """How many findings do not count."""
        return sum(bool(each.excused) for each in self.findings)


@dataclass(slots=True)
class Racks:
    """Racks to be verified: what is expected, how each device is reached, and which devices are asked for."""

    racks: dict[str, ExpectedRack] = field(default_factory=dict)
    targets: dict[str, dict[str, Target]] = field(default_factory=dict)  # rack -> device -> target
    hosts: dict[str, HostTarget] = field(default_factory=dict)
    switches: dict[str, HostTarget] = field(default_factory=dict)
    network_halls: frozenset[str] = frozenset()  # whose network is there; of all halls if empty
    chosen: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)
    no_hosts: str = ""
    no_switches: str = ""

    @property
    def nodes(self) -> dict[str, HostTarget]:
        """Switches and hosts, where the network is Karst's; none where it is not."""
        return {} if self.no_switches else self.switches | self.hosts

    def reached(self, racks: Collection[str]) -> list[Target]:
        """The targets of some racks, rack by rack: watts that are compared are read at about the same time."""
        return [target for rack in racks for target in self.targets[rack].values()]


def choose(plan: Plan, reach: Mapping[str, Reach], limit: Collection[str] = ()) -> Racks:
    """Pick the devices of the halls in `reach` whose own or whose rack's name matches a pattern of `limit` (all).

    Beside a chosen server its rack's PDUs are read, and beside a chosen PDU its rack's servers. Raises ValueError if
    an address cannot be mapped.
    """
    made = Racks()
    for name, seat in plan.racks.items():
        if seat.hall not in reach:
            continue
        rack = expected_rack(plan, name)
        chosen = {each for each in (*rack.servers, *rack.pdus) if _matches((name, each), limit)}
        if chosen:
            made.racks[name] = rack
            made.targets[name] = _targets(plan, rack, reach[seat.hall], chosen, made)
            made.chosen |= chosen
    return made


def choose_switches(
    plan: Plan, reach: HostReach, halls: frozenset[str], limit: Collection[str] = ()
) -> dict[str, HostTarget]:
    """Pick the switches of `halls` (all) whose name matches a pattern of `limit` (all)."""
    return {
        switch.name: HostTarget(switch.name, reach.host_map.place(switch.out_of_band), reach)
        for switch in fabric(plan).switches_of(halls)
        if _matches((switch.name, switch.name), limit)
    }


def halls_of(plan: Plan, limit: Collection[str]) -> list[str]:
    """The halls in which a rack or device matches a pattern of `limit`."""
    found: dict[str, None] = {}
    for name, seat in plan.racks.items():
        layout = plan.layout(seat)
        devices = (device_name(name, short) for short in (*layout.servers, *layout.pdus))
        if seat.hall not in found and any(_matches((name, each), limit) for each in devices):
            found[seat.hall] = None
    return list(found)


def _targets(plan: Plan, rack: ExpectedRack, reach: Reach, chosen: set[str], made: Racks) -> dict[str, Target]:
    configuration = reach.configuration
    hosts = reach.hosts.host_map if reach.hosts else None
    args = rack_args(planned_rack(plan, rack.name), configuration.credential_generation, reach.out_of_band, hosts)
    found = {}
    # A rack PDU's outlets bear witness to a server's cords, and the servers' watts to what its branches carry.
    witnesses = {*rack.pdus, *(rack.servers if chosen & rack.pdus.keys() else ())}
    everything: Iterable[ExpectedDevice] = (*rack.pdus.values(), *rack.servers.values())
    for device in everything:
        if device.name not in chosen and device.name not in witnesses:
            continue
        if not device.looked_at:
            made.left_out[device.name] = f"its status is {device.status.value}"
            continue
        given = args.pdus.get(device.name) or args.servers[device.name]
        found[device.name] = Target(device, given, configuration)
    for server in rack.servers.values():
        place = args.servers[server.name].host
        if server.name not in chosen or not server.has_host:
            continue
        if reach.hosts is None or place is None:
            made.no_hosts = reach.no_hosts
        else:
            made.hosts[server.name] = HostTarget(server.name, place, reach.hosts)
    return found


def _matches(names: tuple[str, str], limit: Collection[str]) -> bool:
    return not limit or any(fnmatchcase(name, pattern) for name in names for pattern in limit)


async def verify(
    plan: Plan, racks: Racks, bounds: Bounds, only: Collection[str], tell: Tell, samples: Samples | None = None
) -> Report:
    """Sweep the racks, judge them, and return the findings on the devices asked for, and on the site's time sources."""
    begun = monotonic()
    groups = frozenset(only) or frozenset(GROUPS)
    observed = await _observed(racks, bounds, groups, tell)
    found = {name: evaluate(rack, observed, groups) for name, rack in racks.racks.items()}
    if "power" in groups:
        await _read_again(racks, found, observed, bounds, tell, samples or Samples())
    report = Report(plan.site.place.name, plan.hash, devices=len(observed.servers) + len(observed.pdus))
    report.findings = [each for rack in found.values() for each in rack if each.device in racks.chosen]
    if "time" in groups:
        planned = {each.name: str(each.address) for each in plan.site.place.services.ntp}
        report.findings += time_findings(planned, racks.racks.values(), observed)
    report.hosts = len(observed.hosts.keys() | (observed.nodes.keys() & racks.hosts.keys()))
    report.no_hosts = racks.no_hosts if groups & {*HOST_GROUPS, FABRIC} else ""
    if FABRIC in groups:
        report.findings += await _fabric(ExpectedNetwork(plan, racks.network_halls), racks, observed, tell)
        report.switches = len(observed.nodes.keys() & racks.switches.keys())
        report.no_switches = racks.no_switches
    report.left_out = {name: why for name, why in racks.left_out.items() if name in racks.chosen}
    report.took_s = monotonic() - begun
    return report


async def _observed(racks: Racks, bounds: Bounds, groups: frozenset[str], tell: Tell) -> Observed:
    """What BMCs and hosts say, asked at the same time; of each kind only if something is wanted of it."""
    targets = racks.reached(racks.racks) if groups & set(BMC_GROUPS) else []
    hosts = list(racks.hosts.values()) if groups & set(HOST_GROUPS) else []
    nodes = list(racks.nodes.values()) if FABRIC in groups else []
    progress: dict[str, str] = {}

    def told(kind: str) -> Tell:
        def one(words: str) -> None:
            progress[kind] = words
            tell(", ".join(progress.values()))

        return one

    observed, seen, routing = await asyncio.gather(
        Sweep(bounds, sections(groups), told("BMCs")).observe(targets),
        observe_hosts(hosts, told("hosts")),
        observe_nodes(nodes, told("ways")),
    )
    return replace(observed, hosts=seen, nodes=routing)


async def _fabric(network: ExpectedNetwork, racks: Racks, observed: Observed, tell: Tell) -> list[Finding]:
    """Return what the network says, devices that fail read again: what is just moving is not what it stays.

    No two devices are read at one moment, nor kernel and BGP of one.
    """
    found = list(fabric_findings(network, observed))
    for turn in range(1, _FABRIC_READINGS):
        doubtful = dict.fromkeys(each.device for each in found if each.outcome is Outcome.FAILED)
        if not doubtful:
            break
        tell(f"the network of {len(doubtful):,} devices again, {turn} of at most {_FABRIC_READINGS - 1}")
        await asyncio.sleep(_FABRIC_EVERY_S)
        again = await observe_nodes([racks.nodes[name] for name in doubtful], tell)
        found = [each for each in found if each.device not in doubtful]
        found += fabric_findings(network, replace(observed, nodes=again))
    return found


async def _read_again(
    racks: Racks, found: dict[str, list[Finding]], observed: Observed, bounds: Bounds, tell: Tell, samples: Samples
) -> None:
    """Read the watts of racks with cords in doubt again, and put what all readings say into `found`."""
    readings = {name: [observed] for name in racks.racks}
    begun = monotonic()

    async def again(doubtful: list[str]) -> None:
        nonlocal begun
        begun = monotonic()
        abreast = asyncio.Semaphore(_RACKS_ABREAST)
        await asyncio.gather(*(one(name, abreast, len(doubtful)) for name in doubtful))

    async def one(name: str, abreast: asyncio.Semaphore, of: int) -> None:
        async with abreast:
            readings[name].append(await Sweep(bounds, WATTS).observe(racks.reached([name])))
        others = [each for each in found[name] if each.check != cords.NAME]
        found[name] = [*others, *cord_findings(racks.racks[name], readings[name])]
        tell(f"watts of rack {name} again, one of {of:,} with cords in doubt")

    # Loads move: where a cord seems to be elsewhere than planned, one reading is not enough to say so.
    for name in (failing := _in_doubt(found, Outcome.FAILED)):
        readings[name].clear()
    if failing:
        await again(failing)
    for _ in range(samples.number - 1):
        doubtful = _in_doubt(found, Outcome.UNOBSERVED)
        if not doubtful:
            return
        await asyncio.sleep(max(0.0, begun + samples.every_s - monotonic()))
        await again(doubtful)


def _in_doubt(found: Mapping[str, list[Finding]], outcome: Outcome) -> list[str]:
    """Racks with cords of that outcome, those of held and switched-off servers left aside."""
    return [
        name
        for name, findings in found.items()
        if any(each.check == cords.NAME and each.outcome is outcome and not each.excused for each in findings)
    ]
