"""A site, or part of it, verified: swept, judged, and what looks mis-cabled read once more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from time import monotonic

from karst.plan.model import Plan
from karst.plan.rack import rack as planned_rack
from karst.provider.bounds import Bounds
from karst.provider.config import Configuration
from karst.provider.planned import OutOfBandMap, rack_args
from karst.site.names import device_name
from karst.verify.checks import cords
from karst.verify.evaluate import evaluate, finding
from karst.verify.expected import ExpectedDevice, ExpectedRack, expected_rack
from karst.verify.finding import Finding, Outcome
from karst.verify.observed import Observed
from karst.verify.sweep import Sweep, Target

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Reach:
    """How the BMCs of a hall are reached."""

    configuration: Configuration
    out_of_band: OutOfBandMap


@dataclass(slots=True)
class Report:
    """What came of it. `left_out`: device -> why it was not looked at."""

    site: str
    plan: str
    findings: list[Finding] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    devices: int = 0
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
    chosen: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)

    def reached(self, racks: Collection[str]) -> list[Target]:
        """The targets of some racks, rack by rack: watts that are compared are read at about the same time."""
        return [target for rack in racks for target in self.targets[rack].values()]


def choose(plan: Plan, reach: Mapping[str, Reach], limit: Collection[str] = ()) -> Racks:
    """Pick the devices of the halls in `reach` whose own or whose rack's name matches a pattern of `limit` (all).

    Beside a chosen server its rack's PDUs are read: they are the witnesses of its cords. Raises ValueError if an
    address cannot be mapped.
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
    args = rack_args(planned_rack(plan, rack.name), configuration.credential_generation, reach.out_of_band)
    found = {}
    everything: Iterable[ExpectedDevice] = (*rack.pdus.values(), *rack.servers.values())
    for device in everything:
        if device.name not in chosen and device.name not in rack.pdus:
            continue
        if not device.looked_at:
            made.left_out[device.name] = f"its status is {device.status.value}"
            continue
        given = args.pdus.get(device.name) or args.servers[device.name]
        found[device.name] = Target(device, given, configuration)
    return found


def _matches(names: tuple[str, str], limit: Collection[str]) -> bool:
    return not limit or any(fnmatchcase(name, pattern) for name in names for pattern in limit)


async def verify(plan: Plan, racks: Racks, bounds: Bounds, only: Collection[str], tell: Tell) -> Report:
    """Sweep the racks, judge them, and return the findings on the devices asked for."""
    begun = monotonic()
    groups = frozenset(only)
    observed = await Sweep(bounds, groups, tell).observe(racks.reached(racks.racks))
    found = {name: evaluate(rack, observed, groups) for name, rack in racks.racks.items()}
    await _read_again(racks, found, bounds, tell)
    report = Report(plan.site.place.name, plan.hash, devices=len(observed.servers) + len(observed.pdus))
    report.findings = [each for rack in found.values() for each in rack if each.device in racks.chosen]
    report.left_out = {name: why for name, why in racks.left_out.items() if name in racks.chosen}
    report.took_s = monotonic() - begun
    return report


async def _read_again(racks: Racks, found: dict[str, list[Finding]], bounds: Bounds, tell: Tell) -> None:
    """Loads move: where a cord seems to be elsewhere than planned, both meters are read once more, and that counts."""
    doubtful = [name for name, findings in found.items() if any(map(_is_doubtful, findings))]
    if not doubtful:
        return
    observed = await Sweep(bounds, frozenset({"power"}), tell).observe(racks.reached(doubtful))
    for name in doubtful:
        found[name] = [each for each in found[name] if each.check != cords.NAME] + _cords(racks.racks[name], observed)


def _is_doubtful(each: Finding) -> bool:
    return each.check == cords.NAME and each.outcome is Outcome.FAILED


def _cords(rack: ExpectedRack, observed: Observed) -> list[Finding]:
    return [
        finding(rack.servers[name], cords.NAME, cords.ALERT, verdict) for name, verdict in cords.cords(rack, observed)
    ]
