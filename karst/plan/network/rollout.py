"""In which order switches are changed, so that what goes wrong with one is not done to the next: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from karst.plan.naming import natural
from karst.plan.network.model import Switch
from karst.site.switches import SwitchRole


def rollout(switches: Iterable[Switch]) -> Mapping[str, tuple[str, ...]]:
    """Return each switch that routes, none before those that have to be done before it, and these.

    A first leaf alone, then the first of every other pair, of each pair the second after the first; after all leaves
    the spines one after the other; after them the borders alike.
    """
    by_role: dict[SwitchRole, list[Switch]] = {role: [] for role in SwitchRole}
    for switch in sorted(switches, key=lambda each: natural(each.name)):
        by_role[switch.role].append(switch)
    leaves = by_role[SwitchRole.LEAF]
    pairs: dict[str, list[str]] = {}
    for leaf in leaves:
        pairs.setdefault(str(leaf.of), []).append(leaf.name)
    found: dict[str, tuple[str, ...]] = {}
    first = leaves[0].name if leaves else ""
    for leading, *_ in pairs.values():
        found[leading] = () if leading == first else (first,)
    for pair in pairs.values():
        for before, after in pairwise(pair):
            found[after] = (before,)
    last = tuple(pair[-1] for pair in pairs.values())
    for switch in (*by_role[SwitchRole.SPINE], *by_role[SwitchRole.BORDER]):
        found[switch.name] = last
        last = (switch.name,)
    return found
