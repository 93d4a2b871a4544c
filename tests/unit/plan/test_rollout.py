"""Whatever switches there are: nothing comes before what it waits for, and never do both leaves of a pair at once."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Address
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from karst.plan.network.fabric import fabric
from karst.plan.network.model import Switch
from karst.plan.network.rollout import rollout
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.site.switches import LEAVES, SwitchRole

ROOT = Path(__file__).parents[3]


def switch(name: str, role: SwitchRole, of: str | None = None) -> Switch:
    nowhere = IPv4Address("10.0.0.1")
    return Switch(name, role, "type", 1, nowhere, nowhere, 0, of, None, None, None, 1, None, ())


def switches(rows: int, spines: int, borders: int) -> list[Switch]:
    pairs = [switch(f"h1-r{row}-{leaf}", SwitchRole.LEAF, f"h1-r{row}") for row in range(rows) for leaf in LEAVES]
    above = [switch(f"spine-{number:02d}", SwitchRole.SPINE) for number in range(spines)]
    ends = [switch(f"border-{number}", SwitchRole.BORDER) for number in range(borders)]
    return [*ends, *above, *reversed(pairs), switch("h1-r1-oob", SwitchRole.OUT_OF_BAND, "h1-r1")]


def waits_for(order: dict[str, tuple[str, ...]], name: str) -> set[str]:
    """Everything that is done before it, directly or not."""
    found: set[str] = set()
    left = list(order[name])
    while left:
        before = left.pop()
        if before not in found:
            found.add(before)
            left += order[before]
    return found


@given(st.integers(0, 12), st.integers(0, 4), st.integers(0, 4))
def test_the_order(rows: int, spines: int, borders: int) -> None:
    given_ = switches(rows, spines, borders)
    order = dict(rollout(given_))
    names = list(order)
    assert sorted(names) == sorted(each.name for each in given_ if each.role is not SwitchRole.OUT_OF_BAND)
    assert all(names.index(before) < names.index(name) for name in names for before in order[name])
    leaves = {each.name for each in given_ if each.role is SwitchRole.LEAF}
    first = names[0] if rows else None
    assert first in (None, "h1-r0-leaf-a")
    for name in leaves - {first}:
        assert first in waits_for(order, name)
        if name.endswith("leaf-b"):
            assert name.replace("leaf-b", "leaf-a") in waits_for(order, name)
    for group in ("spine", "border"):
        alike = [name for name in names if name.startswith(group)]
        for before, name in itertools.pairwise(alike):
            assert before in waits_for(order, name)
        for name in alike:
            assert leaves <= waits_for(order, name)
    if spines and borders:
        assert f"spine-{spines - 1:02d}" in waits_for(order, "border-0")
    assert sum(map(len, order.values())) <= 2 * len(order)


def test_of_a_site() -> None:
    made = fabric(plan(load(ROOT / "sites" / "qixing", ROOT / "hardware")))
    every = rollout(made.switches_of(frozenset()))
    assert sum(map(len, every.values())) <= 2 * len(every)
    hall = made.switches_of(frozenset({"h01"}))
    assert {each.role for each in hall} == {SwitchRole.LEAF, SwitchRole.SPINE, SwitchRole.BORDER}
    assert 0 < len(hall) < len(every)
