"""A rack PDU by itself: its input, breakers and outlets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from karst.plan.naming import natural
from karst.verify.checks.base import Check
from karst.verify.expected import ExpectedPdu
from karst.verify.finding import Alert, Verdict, failed, unobserved
from karst.verify.observed import Breaker, ObservedPdu

# What an outlet with nothing in it may seem to give: the resolution of common meters.
NOTHING_W = 2.0


class Mains(Check[ExpectedPdu, ObservedPdu]):
    """Pass: every input is live and OK. Fail: one is not. Unobserved: one tells neither breaker nor health."""

    name = "power.mains"
    alert = Alert.PAGE
    reads = ("mains",)
    fine = "its input is live"

    def look(self, expected: ExpectedPdu, observed: ObservedPdu) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        yield from _breakers(observed.mains or {}, "input")


class Breakers(Check[ExpectedPdu, ObservedPdu]):
    """Pass: every branch circuit that the spec has is there and closed. Fail: one is missing, tripped or off.

    Unobserved: one does not tell.
    """

    name = "power.breakers"
    alert = Alert.PAGE
    reads = ("branches",)
    fine = "every breaker is closed"

    def look(self, expected: ExpectedPdu, observed: ObservedPdu) -> Iterator[Verdict]:
        """See the class."""
        found = observed.branches or {}
        yield from _breakers(found, "breaker")
        for name in expected.spec.branches:
            if name not in found:
                yield failed("there is no such branch circuit", name)


class Outlets(Check[ExpectedPdu, ObservedPdu]):
    """Pass: outlets with a planned cord are on, and those without give nothing. Fail: off, or in use unplanned.

    Unobserved: one does not tell its state or watts.
    """

    name = "power.outlets"
    alert = Alert.TICKET
    reads = ("outlets",)
    fine = "planned outlets are on, and no other is in use"

    def look(self, expected: ExpectedPdu, observed: ObservedPdu) -> Iterator[Verdict]:
        """See the class."""
        found = observed.outlets or {}
        for name in sorted({*found, *expected.planned_outlets}, key=natural):
            outlet, planned = found.get(name), name in expected.planned_outlets
            if outlet is None:
                yield failed("there is no such outlet, and a cord is planned there", name)
            elif planned and outlet.power is None:
                yield unobserved("it does not tell whether it is on", name)
            elif planned and outlet.power != "On":
                yield failed(f"it is {outlet.power}, and a cord is planned there", name)
            elif not planned and outlet.watts is None:
                yield unobserved("it tells no watts", name)
            elif not planned and (outlet.watts or 0.0) > NOTHING_W:
                yield failed(f"it gives {outlet.watts:.0f} W, and no cord is planned there", name)


def _breakers(found: Mapping[str, Breaker], noun: str) -> Iterator[Verdict]:
    if not found:
        yield unobserved(f"it lists no {noun}")
    for name in sorted(found, key=natural):
        each = found[name]
        if each.breaker not in (None, "Normal"):
            yield failed(f"its {noun} is {each.breaker}", name)
        elif each.health not in (None, "OK"):
            yield failed(f"its {noun} is {each.health}", name)
        elif each.breaker is None and each.health is None:
            yield unobserved(f"its {noun} tells nothing", name)
