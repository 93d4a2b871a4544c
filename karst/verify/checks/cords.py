"""Cord paths by evidence: what a power supply takes must be what its planned outlet gives, and no other outlet.

Names that BMCs and PDUs keep of each other (Outlet.Links, ElectricalSourceNames) are hearsay: somebody typed them.
"""

from __future__ import annotations

from collections.abc import Iterator
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
# Below a few percent of its capacity a supply's meter errs by more than the watts are apart: a server in standby.
_LEAST_W = 20.0

Outlet = tuple[str, str]  # rack PDU, outlet


@dataclass(frozen=True, slots=True)
class _Rack:
    """Watts of every outlet of the rack that was read, and the PDUs that were not."""

    watts: dict[Outlet, float]
    unread: dict[str, str]


def cords(rack: ExpectedRack, observed: Observed) -> Iterator[tuple[str, Verdict]]:
    """Yield server and verdict for every server of the rack that was looked at.

    Pass: each supply takes what its planned outlet gives, and no outlet planned for others gives as much. Which of
    the server's own outlets feeds which of its supplies watts do not tell, and redundancy does not ask.
    Fail: they differ; the outlet that gives as much is named. Unobserved: a meter is not read, nothing flows, or
    another outlet gives as much too: then only an outlet test tells.
    """
    meters = _meters(rack, observed)
    consistent = {
        (cord.pdu, cord.outlet)
        for name, server in rack.servers.items()
        for cord, supply in _supplies(server, observed.servers.get(name))
        if supply is not None and _agrees(supply.input_w, meters.watts.get((cord.pdu, cord.outlet)))
    }
    for name, server in rack.servers.items():
        seen = observed.servers.get(name)
        if seen is None:
            continue
        if seen.unread or seen.supplies is None:
            yield name, unobserved(seen.unread or seen.gaps.get("supplies", "supplies was not read"))
            continue
        found = [_judge(cord, supply, meters, server, seen, consistent) for cord, supply in _supplies(server, seen)]
        wrong = [verdict for verdict in found if verdict is not None]
        for verdict in wrong or [passed("each supply takes what its planned outlet gives, and no other outlet does")]:
            yield name, verdict


def _meters(rack: ExpectedRack, observed: Observed) -> _Rack:
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
    return _Rack(watts, unread)


def _supplies(server: ExpectedServer, seen: ObservedServer | None) -> Iterator[tuple[Cord, Supply | None]]:
    found = at_ports(server.ports, (seen.supplies if seen else None) or {})
    for cord in server.cords:
        yield cord, found.get(cord.power_port)


def _judge(
    cord: Cord,
    supply: Supply | None,
    meters: _Rack,
    server: ExpectedServer,
    seen: ObservedServer,
    consistent: set[Outlet],
) -> Verdict | None:
    """What is wrong with a cord, None if it is proven."""
    port, planned = cord.power_port, (cord.pdu, cord.outlet)
    if supply is None or not supply.is_there:
        return unobserved("there is no power supply whose watts could be compared", port)
    if supply.input_w is None:
        return unobserved("the power supply tells no input watts", port)
    if planned not in meters.watts:
        why = meters.unread.get(cord.pdu)
        return unobserved(f"{_words(planned)} tells no watts" + (f": {why}" if why else ""), port)
    given_w, taken_w = meters.watts[planned], supply.input_w
    if not _agrees(taken_w, given_w):
        others = [each for each in _like(taken_w, meters) if each not in consistent and each != planned]
        hint = f"; {_words(others[0])} gives as much" if len(others) == 1 and taken_w >= _LEAST_W else ""
        return failed(f"it takes {taken_w:.0f} W, and its planned {_words(planned)} gives {given_w:.0f} W{hint}", port)
    if taken_w < _LEAST_W:
        return unobserved(f"{taken_w:.0f} W flow, too little to compare", port)
    if meters.unread:
        name, why = next(iter(meters.unread.items()))
        return unobserved(f"an outlet of {name} may give as much, which was not read: {why}", port)
    own = {(cord.pdu, cord.outlet) for cord in server.cords}
    others = [each for each in _like(taken_w, meters) if each not in own]
    # A supply of the same server that is not where it should be, and takes as much, accounts for one of them.
    strays = [
        sibling
        for end, sibling in _supplies(server, seen)
        if sibling is not None
        and _agrees(sibling.input_w, taken_w)
        and not _agrees(sibling.input_w, meters.watts.get((end.pdu, end.outlet)))
    ]
    if len(others) > len(strays):
        return unobserved(
            f"{_words(planned)} gives its {taken_w:.0f} W, and so does {_words(others[0])}: an outlet test tells", port
        )
    return None


def _like(watts: float, meters: _Rack) -> list[Outlet]:
    """Outlets that give so many watts."""
    return sorted(outlet for outlet, given_w in meters.watts.items() if _agrees(watts, given_w))


def _agrees(taken_w: float | None, given_w: float | None) -> bool:
    if taken_w is None or given_w is None:
        return False
    return abs(taken_w - given_w) <= max(_TOLERANCE_W, _TOLERANCE * max(taken_w, given_w))


def _words(outlet: Outlet) -> str:
    return f"outlet {outlet[1]} of {outlet[0]}"
