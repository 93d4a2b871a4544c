"""From a host's flows to its nftables ruleset, in the form in which nftables 1.0.6 lists it. See docs/network.md.

Whatever is not let in is dropped. What the host itself opens, and what it forwards for its pods, is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

from karst.plan.network.flows import Firewall, HostFlow
from karst.render.templates import environment
from karst.site.flows import Protocol


class FirewallRenderer:
    """The template of one folder, compiled once. It may be shared by threads."""

    def __init__(self, templates: Path) -> None:
        """Compile `nftables/host.j2` of `templates`. Raises jinja2.TemplateError if it is faulty or lacking."""
        found = environment(templates / "nftables")
        found.globals |= {"braced": braced, "match": match}
        self._template = found.get_template("host.j2")

    def ruleset(self, host: Firewall) -> str:
        """Return the host's `nftables.conf`; the same firewall gives the same text."""
        return self._template.render(host=host, interfaces=[f'"{name}"' for name in host.interfaces])


def match(flow: HostFlow) -> str:
    """Return what a packet must be like to open a flow: `ip saddr 10.72.0.2 tcp dport { 80, 443 }`."""
    return f"{_from(flow.sources)} {_to(flow)}"


def braced(values: Sequence[object]) -> str:
    """Return a set as nftables lists it; a single value needs no braces."""
    return str(values[0]) if len(values) == 1 else f"{{ {', '.join(map(str, values))} }}"


def _from(sources: Sequence[IPv4Network]) -> str:
    if not all(each.prefixlen for each in sources):
        return "meta nfproto ipv4"
    return f"ip saddr {braced([each.network_address if each.prefixlen == 32 else each for each in sources])}"


def _to(flow: HostFlow) -> str:
    if flow.protocol is Protocol.ICMP:
        return "icmp type echo-request"
    return f"{flow.protocol.value} dport {braced(flow.ports)}"
