"""Ansible's filters of Karst, for playbooks that must keep redundancy. See docs/inventory.md."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from karst.inventory.batches import DOMAINS, Member, batches, peers


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """What Ansible calls to find them."""
        return {"karst_batches": karst_batches, "karst_peers": karst_peers}


def karst_batches(
    hosts: Collection[str],
    hostvars: Mapping[str, Any],
    down: Collection[str] = (),
    domain: str = "rack",
    most: int | None = None,
) -> list[list[str]]:
    """Return `hosts` in batches, each of which may be taken down at once; what is `down` comes first."""
    try:
        found = batches(_members(hosts, hostvars, domain), frozenset(map(str, down)), most)
    except ValueError as fault:
        raise AnsibleFilterError(str(fault)) from None
    return [list(batch.hosts) for batch in found]


def karst_peers(hosts: Collection[str], hostvars: Mapping[str, Any], among: Collection[str]) -> list[str]:
    """Return `hosts`, and whatever of `among` shares redundancy with one of them, in the order of `among`."""
    return list(peers(frozenset(map(str, hosts)), _members(among, hostvars, "rack")))


def _members(hosts: Collection[str], hostvars: Mapping[str, Any], domain: str) -> list[Member]:
    if domain not in DOMAINS:
        raise AnsibleFilterError(f"{domain} is no failure domain that takes hosts down whole: {', '.join(DOMAINS)}")
    members = []
    for name in hosts:
        variables = hostvars[name]
        missing = [key for key in ("cluster", "failure_domains", "control_plane_members") if key not in variables]
        if missing:
            raise AnsibleFilterError(f"{name} has no variable {', '.join(missing)}: it is no host of a Karst inventory")
        of_kind = [each for each in variables["failure_domains"] if each.startswith(f"{domain}:")]
        members.append(
            Member(
                name=str(name),
                domain=str(of_kind[0]),
                cluster=None if variables["cluster"] is None else str(variables["cluster"]),
                control_plane=name in variables["control_plane_members"],
            )
        )
    return members
