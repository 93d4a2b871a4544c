"""Power supplies: there, well, fed, redundant by their own count, and each strong enough alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from karst.verify.checks.base import Check
from karst.verify.expected import ExpectedServer
from karst.verify.finding import Alert, Verdict, failed, passed, unobserved
from karst.verify.observed import ObservedServer, Supply
from karst.verify.ports import at_ports

# Power supplies for 200 to 240 V nominal are made for 10 % less and more (IEC 60038's tolerance of the mains).
_LOWEST_V, _HIGHEST_V = 180.0, 264.0


class Running(Check[ExpectedServer, ObservedServer]):
    """Pass: an active server is on, one of another status off. Fail: otherwise. Unobserved: no power state."""

    name = "power.state"
    alert = Alert.PAGE
    reads = ("power",)
    fine = "it is on or off, as its status has it"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        if expected.runs and observed.power != "On":
            yield failed(f"it is {observed.power}, and active servers are on")
        elif not expected.runs and observed.power == "On":
            yield failed(f"it is on, and {expected.status.value} servers are off")


class SuppliesPresent(Check[ExpectedServer, ObservedServer]):
    """Pass: a supply at every power port. Fail: one is absent or not listed."""

    name = "power.supplies_present"
    alert = Alert.PAGE
    reads = ("supplies",)
    fine = "a power supply is at every port"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        for port, supply in at_ports(expected.ports, observed.supplies or {}).items():
            if supply is None or not supply.is_there:
                yield failed("there is no power supply", port)


class SuppliesWell(Check[ExpectedServer, ObservedServer]):
    """Pass: every supply that is there is enabled and OK. Fail: one is not. Unobserved: one has no health."""

    name = "power.supplies_well"
    alert = Alert.PAGE
    reads = ("supplies",)
    fine = "every power supply is enabled and OK"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        for port, supply in _there(expected, observed):
            if supply.is_well is None:
                yield unobserved("it says nothing of its health", port)
            elif not supply.is_well:
                yield failed(f"it is {supply.state}, {supply.health}", port)


class InputNormal(Check[ExpectedServer, ObservedServer]):
    """Pass: every supply's input is normal, by its own status or within 180 to 264 V. Fail: lost or out of range.

    Unobserved: it gives neither status nor voltage.
    """

    name = "power.input"
    alert = Alert.PAGE
    reads = ("supplies",)
    fine = "every input is normal"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        for port, supply in _there(expected, observed):
            normal = has_input(supply)
            volts = "" if supply.input_v is None else f" at {supply.input_v:.0f} V"
            if normal is None:
                yield unobserved("it says nothing of its input", port)
            elif not normal:
                yield failed(f"its input is {supply.input_status or 'out of range'}{volts}", port)


class Redundancy(Check[ExpectedServer, ObservedServer]):
    """Pass: more supplies are there, OK and fed than are needed. Fail: not so.

    Counted from the members: a group's own word often says OK of a group that is none.
    Unobserved: too few for certain, and enough if those that say nothing were good.
    """

    name = "power.redundancy"
    alert = Alert.PAGE
    reads = ("supplies",)
    fine = "it runs on with any one power supply or its input lost"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        members = at_ports(expected.ports, observed.supplies or {})
        states = {port: _serves(supply) for port, supply in members.items()}
        good = sum(state is True for state in states.values())
        unknown = [port for port, state in states.items() if state is None]
        needed = expected.spec.psus_needed
        if good > needed:
            return
        if good + len(unknown) > needed:
            silent = ", ".join(unknown)
            yield unobserved(f"{good} serve for certain, and more than {needed} have to; of {silent} nothing is known")
        else:
            yield failed(f"{good} of {len(members)} power supplies serve, {needed} needed, so none may fail")


class OnePath(Check[ExpectedServer, ObservedServer]):
    """Pass: what the server takes now, as few supplies as it needs could give alone. Fail: too much for them.

    Unobserved: a supply that is there tells no watts, or no capacity.
    """

    name = "power.one_path"
    alert = Alert.PAGE
    reads = ("supplies",)
    fine = "the supplies of one path can carry it all"
    needs_power = True

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        supplies = [supply for _, supply in _there(expected, observed)]
        watts = [each.input_w for each in supplies if each.input_w is not None]
        capacities = [each.capacity_w for each in supplies if each.capacity_w is not None]
        if len(watts) < len(supplies) or len(capacities) < len(supplies) or not supplies:
            yield unobserved("a power supply tells no input watts or no capacity")
            return
        needed = min(expected.spec.psus_needed, len(capacities))
        weakest_w = min(sum(some) for some in combinations(capacities, needed))
        load_w = sum(watts)
        if load_w > weakest_w:
            yield failed(f"it takes {load_w:.0f} W, and on one path has {weakest_w:.0f} W")
        else:
            yield passed(f"it takes {load_w:.0f} W, and on one path has {weakest_w:.0f} W")


def has_input(supply: Supply) -> bool | None:
    """Whether its input is normal; None if it does not say."""
    if supply.input_status is not None:
        return supply.input_status == "Normal"
    if supply.input_v is None:
        return None
    return _LOWEST_V <= supply.input_v <= _HIGHEST_V


def _serves(supply: Supply | None) -> bool | None:
    if supply is None or not supply.is_there:
        return False
    states = (supply.is_well, has_input(supply))
    return False if False in states else None if None in states else True


def _there(expected: ExpectedServer, observed: ObservedServer) -> Iterator[tuple[str, Supply]]:
    for port, supply in at_ports(expected.ports, observed.supplies or {}).items():
        if supply is not None and supply.is_there:
            yield port, supply
