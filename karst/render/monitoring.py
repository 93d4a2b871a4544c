"""From plan and hardware spec to what Prometheus and Alertmanager read: whom to ask, what is wrong, whom to wake.

Prometheus asks the hosts, whose role `monitoring` knows of the plan only where each cord goes, and the switches. All
else comes from here: where each stands, which feed is behind a path in a row, the limits of each device type. So a lost
feed is known as one thing, and the servers that lost a power supply with it wake nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import yaml

from karst.plan.endpoint import mapped
from karst.plan.model import Plan, Server
from karst.plan.rack import device_status, server_at
from karst.render.monitoring_routes import routes
from karst.render.monitoring_rules import Pace, rules
from karst.render.monitoring_switches import WatchedSwitch, watched_switches
from karst.site.base import Status

# Node exporter's own port, which role `monitoring` keeps, and switches are expected to.
EXPORTER_PORT = 9100
# A gateway beside Alertmanager: its secrets towards pagers are not ours.
PAGE_URL, TICKET_URL = "http://127.0.0.1:9095/page", "http://127.0.0.1:9095/ticket"
# Beside prometheus.yml: what Prometheus shows to exporters, and whose word it takes for theirs.
_CA, _CERTIFICATE, _KEY = "tls/ca.crt", "tls/client.crt", "tls/client.key"
# Nothing is folded: a query stays on its line, so that a diff shows all of it.
_WIDTH = 10_000


@dataclass(frozen=True, slots=True)
class Watch:
    """How a site is watched. `page` and `ticket` are URLs of its gateway to pagers and to its list of work.

    `prefix` takes the place of the site's `loopbacks`, where hosts answer elsewhere than at their own addresses;
    `switch_prefix` that of its `switch_loopbacks`.
    """

    pace: Pace = field(default_factory=Pace)
    page: str = PAGE_URL
    ticket: str = TICKET_URL
    prefix: IPv4Network | None = None
    switch_prefix: IPv4Network | None = None


class _Dumper(yaml.CSafeDumper):
    """Writes no anchors: people read these files."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Nothing is an alias of anything."""
        return True


def documents(plan: Plan, watch: Watch = Watch()) -> Mapping[str, str]:
    """Return the text of each file by its name, `targets/hosts-h1.json`; the same plan gives the same text.

    Raises ValueError if a prefix of `watch` is smaller than the one whose place it takes.
    """
    servers = tuple(_active(plan))
    switches = tuple(watched_switches(plan, servers))
    return {
        "prometheus.yml": _yaml(plan, _prometheus(plan, watch.pace)),
        "rules.yml": _yaml(plan, rules(plan, servers, switches, watch.pace)),
        "alertmanager.yml": _yaml(plan, routes(watch.pace, watch.page, watch.ticket)),
        **_targets(plan, servers, switches, watch),
    }


def _active(plan: Plan) -> Iterable[Server]:
    """Yield every server that has to run: others are off, given up or not there, and nobody is told of that."""
    for seat in plan.racks.values():
        for server in plan.layout(seat).servers.values():
            if device_status(plan, seat, server) is Status.ACTIVE:
                yield server_at(plan, seat, server)


def _prometheus(plan: Plan, pace: Pace) -> dict[str, Any]:
    return {
        "global": {
            "scrape_interval": pace.scrapes(1),
            "scrape_timeout": pace.scrapes(1),
            "evaluation_interval": pace.scrapes(1),
            "external_labels": {"site": plan.site.place.name},
        },
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]},
        "scrape_configs": [_scrape("hosts"), _scrape("switches")],
    }


def _scrape(job: str) -> dict[str, Any]:
    return {
        "job_name": job,
        "scheme": "https",
        "tls_config": {"ca_file": _CA, "cert_file": _CERTIFICATE, "key_file": _KEY},
        "file_sd_configs": [{"files": [f"targets/{job}-*.json"]}],
    }


def _targets(plan: Plan, servers: Iterable[Server], switches: Iterable[WatchedSwitch], watch: Watch) -> dict[str, str]:
    """Files by hall or plant room, so that a cavern's halls can be watched by a Prometheus each; a line a device."""
    own = plan.site.network.prefixes
    files: dict[str, list[str]] = {}
    for server in servers:
        entry = _entry(mapped(server.loopback, own.loopbacks, watch.prefix), _labels(plan, server))
        files.setdefault(f"targets/hosts-{plan.racks[server.rack].hall}.json", []).append(entry)
    for each in switches:
        if each.switch.loopback is not None:
            entry = _entry(mapped(each.switch.loopback, own.switch_loopbacks, watch.switch_prefix), each.labels)
            files.setdefault(f"targets/switches-{each.place}.json", []).append(entry)
    return {name: "[\n" + ",\n".join(entries) + "\n]\n" for name, entries in files.items()}


def _entry(address: IPv4Address, labels: Mapping[str, str]) -> str:
    return json.dumps({"targets": [f"{address}:{EXPORTER_PORT}"], "labels": labels}, ensure_ascii=False)


def _labels(plan: Plan, server: Server) -> dict[str, str]:
    """Where a host stands and what it shares: every alert of it carries these, and alerts are grouped by them."""
    seat = plan.racks[server.rack]
    hall = plan.site.spaces.halls[seat.hall]
    return {
        "server": server.name,
        "rack": server.rack,
        "row": seat.row,
        "hall": seat.hall,
        "fire_compartment": hall.fire_compartment,
        "cavern": hall.cavern,
        "cooling_zone": server.cooling_zone,
        "cluster": server.cluster or "",
        "role": server.role.value,
        "device_type": server.device_type,
        "held": "yes" if server.hold else "no",
    }


def _yaml(plan: Plan, document: Mapping[str, Any]) -> str:
    head = f"# Made by `karst render monitoring {plan.site.place.name}` from plan {plan.hash}.\n---\n"
    return head + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
