"""A host's or switch's part of the network: cables, sessions, routes in the kernel as BGP and the plan have them."""

from __future__ import annotations

from collections.abc import Iterator

from karst.plan.network.model import Link, NeighbourRole
from karst.verify.checks.base import Check
from karst.verify.expected_network import ExpectedNode
from karst.verify.finding import Alert, Verdict, failed
from karst.verify.observed import ObservedNode

# Routes told one by one; a device that has lost its way has lost them all.
_TOLD_MAX = 5


class Links(Check[ExpectedNode, ObservedNode]):
    """Pass: every planned link has a carrier. Fail: one has none. Unobserved: the device does not tell."""

    name = "fabric.link"
    alert = Alert.PAGE
    reads = ("links_up",)
    fine = "every link is up"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        for link in expected.links:
            if link.interface not in (observed.links_up or ()):
                yield failed(f"{link.interface} is down, the cable {link.cable} has no carrier", link.interface)


class Speeds(Check[ExpectedNode, ObservedNode]):
    """Pass: every link that is up has its cable's speed. Fail: another. Unobserved: no speed is told."""

    name = "fabric.speed"
    alert = Alert.TICKET
    reads = ("links_up", "speeds_gbps")
    fine = "every link has its cable's speed"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        for link in _up(expected, observed):
            speed = (observed.speeds_gbps or {}).get(link.interface)
            if speed != link.speed_gbps:
                told = "no speed" if speed is None else f"{speed:g} Gbit/s"
                what = f"{link.interface} has {told}, the cable {link.cable} is for {link.speed_gbps} Gbit/s"
                yield failed(what, link.interface)


class Cables(Check[ExpectedNode, ObservedNode]):
    """Pass: by LLDP every link that is up ends where the plan says. Fail: elsewhere. Unobserved: LLDP is not there.

    Of carriers nothing is asked: what they tell is their own affair.
    """

    name = "fabric.cable"
    alert = Alert.TICKET
    reads = ("links_up", "neighbours")
    fine = "every cable ends where it should"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        for link in _up(expected, observed):
            if link.neighbour_role is NeighbourRole.CARRIER:
                continue
            heard = (observed.neighbours or {}).get(link.interface)
            if heard is None:
                yield failed(f"nobody is heard at {link.interface}, planned is the cable {link.cable}", link.interface)
            elif (heard.device, heard.interface) != (link.neighbour, link.neighbour_interface):
                where = f"{link.interface} leads to {heard.device}:{heard.interface}"
                yield failed(f"{where}, planned is the cable {link.cable}", link.interface)


class Sessions(Check[ExpectedNode, ObservedNode]):
    """Pass: a BGP session is established over every link that is up, and no others. Fail otherwise.

    Unobserved: FRR does not answer.
    """

    name = "fabric.session"
    alert = Alert.PAGE
    reads = ("links_up", "sessions")
    fine = "a session stands over every link"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        sessions = observed.sessions or {}
        for link in _up(expected, observed):
            state = sessions.get(link.interface, "not configured")
            if state != "Established":
                what = f"the session with {link.neighbour} over {link.cable} is {state}"
                yield failed(what, link.interface)
        for interface in sorted(sessions.keys() - expected.interfaces):
            if sessions[interface] == "Established":
                yield failed(f"a session stands over {interface}, where the plan has no neighbour", interface)


class KernelRoutes(Check[ExpectedNode, ObservedNode]):
    """Pass: the kernel has every route of BGP over the links that FRR says. Fail: it has not.

    FRR 8.4 has been seen to show two next hops where the kernel had one. Unobserved: one of the two is not told.
    """

    name = "fabric.kernel"
    alert = Alert.PAGE
    reads = ("kernel_routes", "bgp_routes")
    fine = "the kernel has the routes that BGP has"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        kernel, bgp = observed.kernel_routes or {}, observed.bgp_routes or {}
        wrong = [
            f"{where} goes over {_named(kernel.get(where))} in the kernel, over {_named(bgp.get(where))} in BGP"
            for where in sorted(kernel.keys() | bgp.keys())
            if kernel.get(where) != bgp.get(where)
        ]
        yield from _some(wrong)


class Widths(Check[ExpectedNode, ObservedNode]):
    """Pass: every route that the plan gives is in the kernel, over as many links. Fail otherwise.

    Unobserved: the kernel's routes are not told.
    """

    name = "fabric.width"
    alert = Alert.PAGE
    reads = ("kernel_routes",)
    fine = "every route has its width"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        kernel = observed.kernel_routes or {}
        wrong = [
            f"{where} goes over {len(kernel.get(where, ()))} links, the plan gives {width}"
            for where, width in expected.widths
            if len(kernel.get(where, ())) != width
        ]
        yield from _some(wrong)


def _up(expected: ExpectedNode, observed: ObservedNode) -> Iterator[Link]:
    """Yield the links that have a carrier; of the others `fabric.link` tells."""
    return (link for link in expected.links if link.interface in (observed.links_up or ()))


def _named(interfaces: frozenset[str] | None) -> str:
    return " and ".join(sorted(interfaces)) if interfaces else "no link"


def _some(sentences: list[str]) -> Iterator[Verdict]:
    for sentence in sentences[:_TOLD_MAX]:
        yield failed(sentence, sentence.partition(" ")[0])
    if len(sentences) > _TOLD_MAX:
        yield failed(f"and {len(sentences) - _TOLD_MAX} routes more", "others")
