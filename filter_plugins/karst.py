"""Ansible's filters of Karst: for playbooks that take hosts down, and for the texts of a host's network.

See docs/inventory.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError

from karst.inventory.batches import batches, members_of, peers
from karst.inventory.network import firewall_of, node_of
from karst.render.network import Renderer
from karst.render.nftables import FirewallRenderer

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """What Ansible calls to find them."""
        return {
            "karst_batches": karst_batches,
            "karst_peers": karst_peers,
            "karst_frr": karst_frr,
            "karst_nftables": karst_nftables,
        }


def karst_batches(
    hosts: Collection[str],
    groups: Mapping[str, Collection[str]],
    down: Collection[str] = (),
    domain: str = "rack",
    most: int | str | None = None,  # as -e gives it
) -> list[list[str]]:
    """Return `hosts` in batches, each of which may be down at once; what is `down` already comes first.

    `groups` is Ansible's variable of that name, `domain` what fails together, `most` the hosts of a batch at most.
    """
    try:
        limit = None if most in (None, "") else int(most)
        found = batches(members_of(groups, hosts, domain), frozenset(map(str, down)), limit)
    except ValueError as fault:
        raise AnsibleFilterError(str(fault)) from None
    return [list(batch.hosts) for batch in found]


def karst_peers(hosts: Collection[str], groups: Mapping[str, Collection[str]]) -> list[str]:
    """Return `hosts` and whoever shares redundancy with one of them; `groups` is Ansible's variable of that name."""
    return list(peers(groups, hosts))


def karst_frr(
    links: Collection[Mapping[str, Any]], name: str, as_number: int, loopback: str, fabric_prefixes: Collection[str]
) -> str:
    """Return a host's `frr.conf`, from its links to the leaves."""
    try:
        return _renderer().frr(node_of(name, links, as_number, loopback, fabric_prefixes))
    except (KeyError, ValueError) as fault:
        raise AnsibleFilterError(f"{name}: its links do not say what is needed: {fault!r}") from None


def karst_nftables(
    flows: Collection[Mapping[str, Any]], name: str, links: Collection[Mapping[str, Any]], bastion: str
) -> str:
    """Return a host's `nftables.conf`, from its flows."""
    try:
        made = firewall_of(name, flows, [each["interface"] for each in links], bastion)
    except (KeyError, ValueError) as fault:
        raise AnsibleFilterError(f"{name}: its flows do not say what is needed: {fault!r}") from None
    return _firewall_renderer().ruleset(made)


@cache
def _renderer() -> Renderer:
    return Renderer(TEMPLATES)


@cache
def _firewall_renderer() -> FirewallRenderer:
    return FirewallRenderer(TEMPLATES)
