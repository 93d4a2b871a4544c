"""A host's or switch's part of the network: cables, sessions, routes in the kernel as BGP and the plan have them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from karst.plan.network.model import Link, NeighbourRole
from karst.verify.checks.base import Check
from karst.verify.expected_network import ExpectedNode
from karst.verify.finding import Alert, Verdict, failed, unobserved
from karst.verify.observed import LldpNeighbour, ObservedNode

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


class _OfLinks(Check[ExpectedNode, ObservedNode]):
    """Asks of the links that have a carrier; of the others `fabric.link` tells. Where none has, nothing was seen."""

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        up = [link for link in expected.links if link.interface in (observed.links_up or ())]
        if expected.links and not up:
            yield unobserved("none of its links is up")
        for link in up:
            yield from self.of(link, observed)

    @abstractmethod
    def of(self, link: Link, observed: ObservedNode) -> Iterator[Verdict]:
        """Yield what is wrong with a link that is up, or was not seen of it."""


class Speeds(_OfLinks):
    """Pass: every link that is up has its cable's speed. Fail: another. Unobserved: no speed is told."""

    name = "fabric.speed"
    alert = Alert.TICKET
    reads = ("links_up", "speeds_gbps")
    fine = "every link that is up has its cable's speed"

    def of(self, link: Link, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        speed = (observed.speeds_gbps or {}).get(link.interface)
        cable = f"the cable {link.cable} is for {link.speed_gbps} Gbit/s"
        if speed is None:
            yield unobserved(f"{link.interface} tells no speed, {cable}", link.interface)
        elif speed != link.speed_gbps:
            yield failed(f"{link.interface} has {speed:g} Gbit/s, {cable}", link.interface)


class Cables(_OfLinks):
    """Pass: by LLDP every link that is up ends where the plan says, and nowhere else. Fail: elsewhere.

    Unobserved: LLDP is not there, or another is heard beside the planned end: one of the two has gone, or something
    lies between. Of carriers nothing is asked: what they tell is their own affair.
    """

    name = "fabric.cable"
    alert = Alert.TICKET
    reads = ("links_up", "neighbours")
    fine = "every cable that is up ends where it should"

    def of(self, link: Link, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        if link.neighbour_role is NeighbourRole.CARRIER:
            return
        heard = (observed.neighbours or {}).get(link.interface, ())
        planned = LldpNeighbour(device=link.neighbour, interface=link.neighbour_interface)
        others = _named(f"{each.device}:{each.interface}" for each in heard if each != planned)
        cable = f"planned is the cable {link.cable}"
        if not heard:
            yield failed(f"nobody is heard at {link.interface}, {cable}", link.interface)
        elif planned not in heard:
            yield failed(f"{link.interface} leads to {others}, {cable}", link.interface)
        elif others:
            yield unobserved(f"{others} is heard at {link.interface} beside its end, {cable}", link.interface)


class Sessions(_OfLinks):
    """Pass: a BGP session is established over every link that is up, and no others. Fail otherwise.

    Unobserved: FRR does not answer.
    """

    name = "fabric.session"
    alert = Alert.PAGE
    reads = ("links_up", "sessions")
    fine = "a session stands over every link that is up"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        yield from super().look(expected, observed)
        sessions = observed.sessions or {}
        for interface in sorted(sessions.keys() - expected.interfaces):
            if sessions[interface] == "Established":
                yield failed(f"a session stands over {interface}, where the plan has no neighbour", interface)

    def of(self, link: Link, observed: ObservedNode) -> Iterator[Verdict]:
        """See the class."""
        state = (observed.sessions or {}).get(link.interface, "not configured")
        if state != "Established":
            yield failed(f"the session with {link.neighbour} over {link.cable} is {state}", link.interface)


class KernelRoutes(Check[ExpectedNode, ObservedNode]):
    """Pass: the kernel has every route of BGP over the links that FRR says. Fail: it has not.

    FRR 8.4 has been seen to show two next hops where the kernel had one. Unobserved: one of the two is not told.
    """

    name = "fabric.kernel"
    alert = Alert.PAGE
    reads = ("kernel_routes", "bgp_routes", "sessions")  # without bgpd zebra tells that it has no routes of BGP
    fine = "the kernel has the routes that BGP has"

    def look(self, expected: ExpectedNode, observed: ObservedNode) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        kernel, bgp = observed.kernel_routes or {}, observed.bgp_routes or {}
        wrong = [
            f"{where} goes over {_named(kernel.get(where, ())) or 'no link'} in the kernel, "
            f"over {_named(bgp.get(where, ())) or 'no link'} in BGP"
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


def _named(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))


def _some(sentences: list[str]) -> Iterator[Verdict]:
    for sentence in sentences[:_TOLD_MAX]:
        yield failed(sentence, sentence.partition(" ")[0])
    if len(sentences) > _TOLD_MAX:
        yield failed(f"and {len(sentences) - _TOLD_MAX} routes more", "others")
