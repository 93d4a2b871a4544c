"""Branch circuits with the other path lost: each must then carry its servers whole."""

from __future__ import annotations

from collections.abc import Iterator

from karst.plan.limits import CONTINUOUS
from karst.verify.expected import ExpectedPdu, ExpectedRack
from karst.verify.finding import Alert, Verdict, failed, passed, unobserved
from karst.verify.observed import Observed, ObservedServer

NAME = "power.branch_one_path"
ALERT = Alert.PAGE


def branches(rack: ExpectedRack, observed: Observed) -> Iterator[tuple[str, Verdict]]:
    """Yield rack PDU and verdict for every PDU of the rack that was looked at.

    Pass: with its servers' whole measured load, each branch stays within 80 % of its breaker. Fail: it does not.
    Unobserved: a server on it that is on tells no watts.
    """
    for name, pdu in rack.pdus.items():
        if name not in observed.pdus:
            continue
        found = [verdict for branch in pdu.spec.branches for verdict in _branch(pdu, branch, observed)]
        for verdict in found or [passed("every branch could carry its servers alone")]:
            yield name, verdict


def _branch(pdu: ExpectedPdu, branch: str, observed: Observed) -> Iterator[Verdict]:
    load_w = 0.0
    for server in pdu.servers_on_branch[branch]:
        watts = _watts(observed.servers.get(server))
        if watts is None:
            yield unobserved(f"{server} tells no watts", branch)
            return
        load_w += watts
    limit_w = CONTINUOUS * pdu.spec.branches[branch].rating_a * pdu.spec.voltage_v
    if load_w > limit_w:
        yield failed(f"its servers take {load_w:.0f} W, and alone it may carry {limit_w:.0f} W", branch)


def _watts(server: ObservedServer | None) -> float | None:
    """What a server takes in all; None if it was not looked at or a supply does not tell."""
    if server is None or server.unread or server.supplies is None:
        return None
    total_w = 0.0
    for supply in server.supplies.values():
        if supply.is_there:
            if supply.input_w is None:
                return None
            total_w += supply.input_w
    return total_w
