"""Prometheus' rules: what the plan and the hardware spec say, as series, and what is wrong when readings differ.

An alert has the class (`page`, `ticket`) of the check of `karst verify` that asks the same question, and its name as
the label `check`. What is not read is an alert of its own, and never counts as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from karst.plan.model import Plan, Server
from karst.render.monitoring_switches import WatchedSwitch
from karst.verify.checks import cooling, fabric, parts, pdu, power
from karst.verify.expected import expected_rack
from karst.verify.finding import Alert, Outcome

# Of the supplies on a feed: below it some servers are broken, above it the feed is. Not all have to be, since some may
# not have been read yet, or had lost their supply before. Of fewer than two nobody could tell it from a broken supply.
_MOST, _FEW = 0.8, 2
# Of the servers of a cooling zone: air mixes, and where cooling is lost not all are too warm at once.
_HALF = 0.5
# Scrapes after which what a host last told of itself is no reading any more.
_STALE = 20


@dataclass(frozen=True, slots=True)
class Pace:
    """How often Prometheus asks, s. All other times follow from it: what has to last, lasts so many scrapes."""

    scrape_s: int = 15

    def scrapes(self, number: int) -> str:
        """Return how long `number` scrapes take, as Prometheus writes it."""
        return f"{number * self.scrape_s}s"


@dataclass(frozen=True, slots=True)
class _Rule:
    """An alert. `lasts` and `stays`: scrapes after which it begins, and for which it outlives its cause."""

    name: str
    says: str  # a sentence in Prometheus' template language
    query: str
    lasts: int
    alert: Alert
    check: str = ""
    outcome: Outcome = Outcome.FAILED
    stays: int = 0


_WARM = "karst_inlet_c > on (device_type) group_left () karst_inlet_limit_c"

# The greater an alert, the sooner it begins and the longer it stays: what it implies begins later and ends sooner, so
# that at no moment somebody is woken by that.
_POWER = (
    _Rule(
        "FeedLost",
        "feed {{ $labels.feed }} of path {{ $labels.path }} is lost: {{ $value }} power supplies have no input",
        f"sum by (feed, path, hall) (karst_psu_lost) >= {_MOST} * count by (feed, path, hall) (karst_psu_lost)"
        f" and count by (feed, path, hall) (karst_psu_lost) >= {_FEW}",
        2,
        pdu.Mains.alert,
        pdu.Mains.name,
        stays=20,
    ),
    _Rule(
        "PduLost",
        "rack PDU {{ $labels.pdu }} gives nothing: {{ $value }} power supplies have no input",
        "sum by (pdu, feed, path, rack, row, hall) (karst_psu_lost)"
        " == count by (pdu, feed, path, rack, row, hall) (karst_psu_lost)"
        f" and count by (pdu, feed, path, rack, row, hall) (karst_psu_lost) >= {_FEW}",
        4,
        pdu.Mains.alert,
        pdu.Mains.name,
        stays=12,
    ),
    _Rule(
        "PsuInputLost",
        "{{ $labels.power_port }} of {{ $labels.server }} has no input from {{ $labels.pdu }}",
        "karst_psu_lost == 1",
        8,
        power.InputNormal.alert,
        power.InputNormal.name,
    ),
)
_UPS = (
    _Rule(
        "UpsAlarm",
        "UPS {{ $labels.ups }} of path {{ $labels.path }} is on battery, low, to be shut down or has a bad battery",
        "max by (ups, path) (karst_power_ups_alarm and on (server, ups) karst_power_ups_observed == 1) == 1",
        2,
        Alert.PAGE,
    ),
    _Rule(
        "UpsUnobserved",
        "nobody sees how UPS {{ $labels.ups }} of path {{ $labels.path }} is",
        "max by (ups, path) (karst_power_ups_observed) == 0",
        8,
        Alert.TICKET,
        outcome=Outcome.UNOBSERVED,
    ),
)
_COOLING = (
    _Rule(
        "CoolingZoneTooWarm",
        "{{ $value }} servers of cooling zone {{ $labels.cooling_zone }} take in air that is too warm",
        f"count by (cooling_zone, hall) ({_WARM}) >= {_HALF} * count by (cooling_zone, hall) (karst_inlet_c)"
        f" and count by (cooling_zone, hall) (karst_inlet_c) >= {_FEW}",
        2,
        cooling.Inlet.alert,
        cooling.Inlet.name,
        stays=20,
    ),
    _Rule(
        "InletTooWarm",
        "{{ $labels.server }} takes in air of {{ $value }} °C",
        _WARM,
        8,
        cooling.Inlet.alert,
        cooling.Inlet.name,
    ),
    _Rule(
        "FansNotRedundant",
        "{{ $value }} fans of {{ $labels.server }} turn, so none may fail",
        "sum without (fan) (karst_fan_turning and on (server) karst_fresh)"
        " <= on (device_type) group_left () karst_fans_needed",
        4,
        cooling.FanRedundancy.alert,
        cooling.FanRedundancy.name,
        stays=8,
    ),
    _Rule(
        "FanLost",
        "fan {{ $labels.fan }} of {{ $labels.server }} stands still",
        "karst_fan_turning == 0 and on (server) karst_fresh",
        8,
        cooling.FansTurn.alert,
        cooling.FansTurn.name,
    ),
)
_LINKS = (
    _Rule(
        "LinkLost",
        "{{ $value }} of the interfaces of {{ $labels.server }} have a link, fewer than it has",
        "sum without (interface) (karst_link_up and on (server) karst_fresh)"
        " < on (device_type) group_left () karst_links_expected",
        8,
        parts.Interfaces.alert,
        parts.Interfaces.name,
    ),
    _Rule(
        "LinkSlow",
        "{{ $labels.interface }} of {{ $labels.server }} runs at {{ $value }} Mbit/s, slower than it can",
        "(karst_link_speed_mbps and on (server) karst_fresh)"
        " < on (device_type) group_left () karst_link_speed_expected_mbps",
        8,
        parts.Interfaces.alert,
        parts.Interfaces.name,
    ),
)
_SWITCHES = (
    _Rule(
        "SwitchLinkLost",
        "{{ $value }} links of {{ $labels.switch }} are up, fewer than have to be",
        "karst_switch_links < on (switch) group_left () karst_switch_links_expected",
        8,
        fabric.Links.alert,
        fabric.Links.name,
    ),
    _Rule(
        "SwitchLinksMissing",
        "{{ $labels.switch }} answers, and tells nothing of its links",
        'up{job="switches"} == 1 unless on (switch) karst_switch_links',
        8,
        Alert.TICKET,
        outcome=Outcome.UNOBSERVED,
    ),
)
_SEEING = (
    _Rule(
        "SwitchUnobserved",
        "{{ $labels.switch }} does not answer",
        'up{job="switches"} == 0',
        4,
        Alert.PAGE,
        outcome=Outcome.UNOBSERVED,
        stays=12,
    ),
    _Rule(
        "HostUnobserved",
        "{{ $labels.server }} does not answer",
        'up{job="hosts"} == 0',
        8,
        Alert.PAGE,
        outcome=Outcome.UNOBSERVED,
    ),
    _Rule(
        "ReadingsMissing",
        "{{ $labels.server }} answers, and tells nothing of its hardware",
        'up{job="hosts"} == 1 unless on (server) karst_read_time_s',
        8,
        Alert.TICKET,
        outcome=Outcome.UNOBSERVED,
    ),
    _Rule(
        "PartUnobserved",
        "{{ $labels.part }} of {{ $labels.server }} is not seen: {{ $labels.reason }}",
        "karst_unobserved == 1",
        8,
        Alert.TICKET,
        outcome=Outcome.UNOBSERVED,
    ),
)


def rules(plan: Plan, servers: Sequence[Server], switches: Sequence[WatchedSwitch], pace: Pace) -> dict[str, Any]:
    """Return the rules for these servers and switches of a plan, in the form of Prometheus' rule files."""
    stale = _Rule(
        "ReadingsStale",
        "what {{ $labels.server }} tells in {{ $labels.file }} is {{ $value | humanizeDuration }} old",
        f"time() - node_textfile_mtime_seconds > {_STALE * pace.scrape_s}",
        1,
        Alert.TICKET,
        outcome=Outcome.UNOBSERVED,
    )
    groups: Mapping[str, Iterable[dict[str, Any]]] = {
        "plan": [*_feeds(plan, servers), *_limits(plan, servers), *_of_switches(switches)],
        "power": [*_readings(pace), *(_alert(rule, pace) for rule in (*_POWER, *_UPS))],
        "cooling": [_alert(rule, pace) for rule in _COOLING],
        "links": [_alert(rule, pace) for rule in (*_LINKS, *_SWITCHES)],
        "seeing": [_alert(rule, pace) for rule in (*_SEEING, stale)],
    }
    return {"groups": [{"name": name, "rules": list(each)} for name, each in groups.items()]}


def _alert(rule: _Rule, pace: Pace) -> dict[str, Any]:
    check = {"check": rule.check} if rule.check else {}
    return {
        "alert": rule.name,
        "expr": rule.query,
        "for": pace.scrapes(rule.lasts),
        **({"keep_firing_for": pace.scrapes(rule.stays)} if rule.stays else {}),
        "labels": {"alert": rule.alert.value, **check, "outcome": rule.outcome.value},
        "annotations": {"summary": rule.says},
    }


def _record(name: str, query: str, **labels: str) -> dict[str, Any]:
    return {"record": name, "expr": query, **({"labels": labels} if labels else {})}


def _feeds(plan: Plan, servers: Sequence[Server]) -> Iterable[dict[str, Any]]:
    """Which busway is behind a path in a row: it is named as the feed."""
    for row in sorted({plan.racks[server.rack].row for server in servers}):
        for path, busway in sorted(plan.rows[row].busways.items()):
            yield _record("karst_feed", "vector(1)", row=row, path=path, feed=busway)


def _limits(plan: Plan, servers: Sequence[Server]) -> Iterable[dict[str, Any]]:
    """What a healthy server of each device type has."""
    racks = {server.device_type: server for server in reversed(servers)}
    for device_type, server in sorted(racks.items()):
        expected = expected_rack(plan, server.rack).servers[server.name]
        limits = {
            "karst_fans_needed": expected.spec.fans_needed,
            "karst_links_expected": len(expected.interfaces),
            # Of interfaces that differ the slowest: which is which, hosts name in their own way.
            "karst_link_speed_expected_mbps": min(expected.interfaces.values(), default=0),
            "karst_inlet_limit_c": expected.inlet.celsius,
        }
        for name, value in limits.items():
            yield _record(name, f"vector({value:g})", device_type=device_type)


def _of_switches(switches: Sequence[WatchedSwitch]) -> Iterable[dict[str, Any]]:
    """How many links of each switch are up, among the interfaces that carry traffic, and how many have to be."""
    for device_type, interfaces in sorted({each.switch.device_type: each.interfaces for each in switches}.items()):
        which = json.dumps("|".join(re.escape(interface) for interface in interfaces))
        up = f'node_network_up{{job="switches", device_type="{device_type}", device=~{which}}}'
        yield _record("karst_switch_links", f"sum without (device) ({up})")
    for each in switches:
        yield _record("karst_switch_links_expected", f"vector({each.links})", switch=each.switch.name)


def _readings(pace: Pace) -> Iterable[dict[str, Any]]:
    """Which readings are fresh; of each power supply whether its input is lost, and which feed that is."""
    yield _record("karst_fresh", f"time() - karst_read_time_s <= {_STALE * pace.scrape_s}")
    yield _record(
        "karst_psu_lost",
        "(1 - karst_psu_input and on (server) karst_fresh) * on (row, path) group_left (feed) karst_feed",
    )
