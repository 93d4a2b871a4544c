"""Fans, temperatures, leaks."""

from __future__ import annotations

from collections.abc import Iterator

from karst.plan.naming import natural
from karst.verify.checks.base import Check
from karst.verify.expected import ExpectedServer
from karst.verify.finding import Alert, Verdict, failed, passed, unobserved
from karst.verify.observed import Fan, ObservedServer


class FansTurn(Check[ExpectedServer, ObservedServer]):
    """Pass: as many fans as the spec has, each there, OK and turning. Fail: one is not.

    Unobserved: the server is off, or a fan says nothing of its health or speed.
    """

    name = "cooling.fans"
    alert = Alert.TICKET
    reads = ("fans",)
    fine = "every fan turns"
    needs_power = True

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        fans = observed.fans or {}
        for name in sorted(fans, key=natural):
            works = _works(fans[name])
            if works is None:
                yield unobserved("it says nothing of its health or speed", name)
            elif not works:
                yield failed(_how(fans[name]), name)
        if len(fans) < expected.spec.fans:
            yield failed(f"{len(fans)} of {expected.spec.fans} fans are listed")


class FanRedundancy(Check[ExpectedServer, ObservedServer]):
    """Pass: more fans work than are needed, by count of the members. Fail: not so.

    Unobserved: the server is off, or enough would work only if those that say nothing did.
    """

    name = "cooling.fan_redundancy"
    alert = Alert.PAGE
    reads = ("fans",)
    fine = "it stays cool with any one fan lost"
    needs_power = True

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        states = [_works(fan) for fan in (observed.fans or {}).values()]
        working, unknown, needed = states.count(True), states.count(None), expected.spec.fans_needed
        if working > needed:
            return
        if working + unknown > needed:
            yield unobserved(f"{working} fans work for certain, and more than {needed} have to")
        else:
            yield failed(f"{working} of {expected.spec.fans} fans work, {needed} needed, so none may fail")


class Inlet(Check[ExpectedServer, ObservedServer]):
    """Pass: the air at the inlet is no warmer than the maker and the ASHRAE class, at this altitude, allow.

    Fail: it is warmer. Unobserved: no sensor tells it.
    """

    name = "cooling.inlet"
    alert = Alert.PAGE
    reads = ("inlet_c",)
    fine = ""

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        assert observed.inlet_c is not None  # noqa: S101  # it is in `reads`
        limit = expected.inlet
        sentence = f"{observed.inlet_c:.1f} °C, at most {limit.celsius:.1f} °C ({limit.why})"
        yield failed(sentence) if observed.inlet_c > limit.celsius else passed(sentence)


class Exhaust(Check[ExpectedServer, ObservedServer]):
    """Pass: the exhaust is within the spec's limit, where it has one. Fail: warmer. Unobserved: no sensor tells it."""

    name = "cooling.exhaust"
    alert = Alert.TICKET
    reads = ("exhaust_c",)
    fine = ""

    def applies(self, expected: ExpectedServer) -> bool:
        """Whether the spec limits it."""
        return expected.spec.exhaust_max_c is not None

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        assert observed.exhaust_c is not None and expected.spec.exhaust_max_c is not None  # noqa: S101, PT018
        sentence = f"{observed.exhaust_c:.1f} °C, at most {expected.spec.exhaust_max_c:.1f} °C"
        yield failed(sentence) if observed.exhaust_c > expected.spec.exhaust_max_c else passed(sentence)


class Leaks(Check[ExpectedServer, ObservedServer]):
    """Pass: every leak detector that the spec counts says OK. Fail: one says Warning or Critical, or is missing.

    Unobserved: one is unavailable.
    """

    name = "cooling.leaks"
    alert = Alert.PAGE
    reads = ("leaks",)
    fine = "no leak"

    def applies(self, expected: ExpectedServer) -> bool:
        """Whether the spec counts leak detectors: air-cooled servers have none."""
        return expected.spec.leak_detectors > 0

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        leaks = observed.leaks or {}
        for name, state in leaks.items():
            if state in ("Warning", "Critical"):
                yield failed(f"it says {state}", name)
            elif state != "OK":
                yield unobserved(f"it is {state}", name)
        if len(leaks) < expected.spec.leak_detectors:
            yield failed(f"{len(leaks)} of {expected.spec.leak_detectors} leak detectors are listed")


def _works(fan: Fan) -> bool | None:
    if not fan.is_there or fan.is_well is False or fan.turns is False:
        return False
    return None if fan.is_well is None or fan.turns is None else True


def _how(fan: Fan) -> str:
    if not fan.is_there:
        return "there is no fan"
    speed = "" if fan.turns is None else ", turning" if fan.turns else ", standing still"
    return f"it is {fan.state}, {fan.health}{speed}"
