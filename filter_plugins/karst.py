"""Ansible's filters of Karst, for playbooks that take hosts down. See docs/inventory.md."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from karst.inventory.batches import batches, members_of, peers


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """What Ansible calls to find them."""
        return {"karst_batches": karst_batches, "karst_peers": karst_peers}


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
