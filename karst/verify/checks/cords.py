"""Cord paths by evidence: what a power supply takes must be what its planned outlet gives, and no other outlet.

One reading tells servers apart whose loads differ; several tell those apart whose loads move: an outlet that gave
something else than the supply took is not its outlet.

Names that BMCs and PDUs keep of each other (Outlet.Links, ElectricalSourceNames) are hearsay: somebody typed them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from karst.plan.model import Cord
from karst.verify.expected import ExpectedRack, ExpectedServer
from karst.verify.finding import Alert, Verdict, failed, passed, unobserved
from karst.verify.observed import Observed, ObservedServer, Supply
from karst.verify.ports import at_ports

NAME = "power.cords"
ALERT = Alert.PAGE

# Two meters of the same watts differ: a power supply's own by some 3 %, a metered outlet's by 1 % (class 1 of
# IEC 62053-21), and the load by a little more between the two readings; at low load by a few watts whatever it is.
_TOLERANCE = 0.05
_TOLERANCE_W = 3.0
# Of this many readings one may have met a load as it changed, between one meter and the other.
_READINGS_A_SLIP = 4

# Below a few percent of its capacity a supply's meter errs by more than the watts are apart: a server in standby.
_LEAST_W = 20.0

Outlet = tuple[str, str]  # rack PDU, outlet


@dataclass(frozen=True, slots=True)
class _Meters:
    """Watts of every outlet of the rack in one reading, and the PDUs that were not read."""

    watts: dict[Outlet, float]
    unread: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a cord's supply took in one reading, and what outlets gave."""

    taken_w: float
    meters: _Meters

    def like(self, outlet: Outlet) -> bool:
        """Whether the outlet gave as much."""
        return _agrees(self.taken_w, self.meters.watts.get(outlet))


def cords(rack: ExpectedRack, readings: Sequence[Observed]) -> Iterator[tuple[str, Verdict]]:
    """Yield server and verdict for every server of the rack that was looked at, from one reading or several.

    Pass: each supply takes what its planned outlet gives, and no outlet planned for others gives as much. Which of
    the server's own outlets feeds which of its supplies watts do not tell, and redundancy does not ask.
    Fail: they differ; the outlet that gives as much is named. Unobserved: a meter is not read, too little flows, or
    another outlet gives as much too: then more readings of moving loads tell, or an outlet test.
    """
    meters = [_meters(rack, observed) for observed in readings]
    consistent = {
        (cord.pdu, cord.outlet)
        for server in rack.servers.values()
        for cord in server.cords
        for taken in [_taken(server, cord, readings, meters)]
        if (cord.pdu, cord.outlet) in _like(taken)
    }
    for name, server in rack.servers.items():
        seen = readings[-1].servers.get(name)
        if seen is None:
            continue
        if seen.unread or seen.supplies is None:
            yield name, unobserved(seen.unread or seen.gaps.get("supplies", "supplies was not read"))
            continue
        taken_by = {cord: _taken(server, cord, readings, meters) for cord in server.cords}
        found = [
            _lacking(cord, supply, meters[-1]) or _judge(cord, taken_by, consistent)
            for cord, supply in _supplies(server, seen)
        ]
        wrong = [verdict for verdict in found if verdict is not None]
        for verdict in wrong or [passed("each supply takes what its planned outlet gives, and no other outlet does")]:
            yield name, verdict


def _meters(rack: ExpectedRack, observed: Observed) -> _Meters:
    watts: dict[Outlet, float] = {}
    unread = {}
    for name in rack.pdus:
        pdu = observed.pdus.get(name)
        if pdu is None or pdu.unread or pdu.outlets is None:
            unread[name] = "not looked at" if pdu is None else pdu.unread or pdu.gaps.get("outlets", "not read")
            continue
        for outlet, each in pdu.outlets.items():
            if each.watts is not None:
                watts[name, outlet] = each.watts
    return _Meters(watts, unread)


def _supplies(server: ExpectedServer, seen: ObservedServer | None) -> Iterator[tuple[Cord, Supply | None]]:
    found = at_ports(server.ports, (seen.supplies if seen else None) or {})
    for cord in server.cords:
        yield cord, found.get(cord.power_port)


def _taken(
    server: ExpectedServer, cord: Cord, readings: Sequence[Observed], meters: Sequence[_Meters]
) -> list[_Reading]:
    """The readings in which the cord's supply told its watts, and its planned outlet too."""
    found = []
    for observed, each in zip(readings, meters, strict=True):
        supply = dict(_supplies(server, observed.servers.get(server.name))).get(cord)
        if supply is not None and supply.input_w is not None and (cord.pdu, cord.outlet) in each.watts:
            found.append(_Reading(supply.input_w, each))
    return found


def _lacking(cord: Cord, supply: Supply | None, meters: _Meters) -> Verdict | None:
    """Which meter there is not, None if there are both."""
    port, planned = cord.power_port, (cord.pdu, cord.outlet)
    if supply is None or not supply.is_there:
        return unobserved("there is no power supply whose watts could be compared", port)
    if supply.input_w is None:
        return unobserved("the power supply tells no input watts", port)
    if planned not in meters.watts:
        why = meters.unread.get(cord.pdu)
        return unobserved(f"{_words(planned)} tells no watts" + (f": {why}" if why else ""), port)
    return None


def _judge(cord: Cord, taken_by: dict[Cord, list[_Reading]], consistent: set[Outlet]) -> Verdict | None:
    """What is wrong with a cord of a server, by the readings of all its cords; None if it is proven."""
    port, planned, taken = cord.power_port, (cord.pdu, cord.outlet), taken_by[cord]
    last = taken[-1]
    watts = f"{last.taken_w:.0f} W"
    agreeing, slips = sum(each.like(planned) for each in taken), len(taken) // _READINGS_A_SLIP
    if agreeing <= slips:
        others = [each for each in _like(taken) if each not in consistent]
        hint = f"; {_words(others[0])} gives as much" if len(others) == 1 and last.taken_w >= _LEAST_W else ""
        given_w = last.meters.watts[planned]
        return failed(f"it takes {watts}, and its planned {_words(planned)} gives {given_w:.0f} W{hint}", port)
    if agreeing < len(taken) - slips:
        return unobserved(f"its planned {_words(planned)} gave as much in {agreeing} of {len(taken)} readings", port)
    if max(each.taken_w for each in taken) < _LEAST_W:
        return unobserved(f"{watts} flow, too little to compare", port)
    if last.meters.unread:
        name, why = next(iter(last.meters.unread.items()))
        return unobserved(f"an outlet of {name} may give as much, which was not read: {why}", port)
    own = {(each.pdu, each.outlet) for each in taken_by}
    others = [each for each in _like(taken) if each not in own]
    if len(others) > _strays(cord, taken_by):
        doubt = f"{_words(planned)} gives its {watts}, and so does {_words(others[0])}"
        return unobserved(f"{doubt}: more readings of moving loads or an outlet test tell", port)
    return None


def _strays(cord: Cord, taken_by: dict[Cord, list[_Reading]]) -> int:
    """Supplies of the same server that are not where they should be, and take as much: each accounts for an outlet."""
    taken_w = taken_by[cord][-1].taken_w
    return sum(
        _agrees(taken[-1].taken_w, taken_w) and (end.pdu, end.outlet) not in _like(taken)
        for end, taken in taken_by.items()
        if taken
    )


def _like(taken: Sequence[_Reading]) -> list[Outlet]:
    """Outlets that gave as much in every reading, but for slips."""
    outlets = {outlet for each in taken for outlet in each.meters.watts}
    least = len(taken) - len(taken) // _READINGS_A_SLIP
    return sorted(outlet for outlet in outlets if sum(each.like(outlet) for each in taken) >= least)


def _agrees(taken_w: float | None, given_w: float | None) -> bool:
    if taken_w is None or given_w is None:
        return False
    return abs(taken_w - given_w) <= max(_TOLERANCE_W, _TOLERANCE * max(taken_w, given_w))


def _words(outlet: Outlet) -> str:
    return f"outlet {outlet[1]} of {outlet[0]}"
