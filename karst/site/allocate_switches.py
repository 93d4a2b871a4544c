"""Chooses numbers for switches that have none: lowest first, as karst.site.allocate does for racks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count, islice
from typing import Any

from karst.site.allocations import SwitchAllocation
from karst.site.model import Site
from karst.site.names import seats
from karst.site.problems import Problems
from karst.site.switches import OWN_AS_NUMBER, ROUTES, SwitchRole, is_second_leaf, switches_of


def free(choices: Iterator[Any], used: Collection[Any], needed: int) -> list[Any]:
    """Return the first `needed` of `choices` that are not used; fewer if there are no more."""
    return list(islice((choice for choice in choices if choice not in used), needed))


def allocate_switches(site: Site, problems: Problems) -> dict[str, SwitchAllocation]:
    """Return what switches without a line are given; every kind of number that runs out is a problem."""
    declared = switches_of(site.network, site.racks)
    taken = site.allocations.switches
    missing = {name: switch.role for name, switch in declared.items() if name not in taken}
    given: dict[str, dict[str, Any]] = {name: {} for name in missing}
    of_row: dict[str, list[tuple[int, str]]] = {}
    for rack, (row, position) in seats(site.racks).items():
        of_row.setdefault(row, []).append((position, rack))
    for name in missing:
        owner = declared[name].of
        if owner is not None:
            middle = (site.spaces.rows[owner].positions + 1) / 2 if owner in of_row else 0
            given[name]["rack"] = _rack(of_row[owner], middle, name) if owner in of_row else owner
    for role in SwitchRole:
        of_role = [name for name in missing if missing[name] is role]
        used = {each.ordinal for name, each in taken.items() if name in declared and declared[name].role is role}
        _give(given, of_role, "ordinal", free(count(), used, len(of_role)))
    prefixes, numbers = site.network.prefixes, site.network.switch_as_numbers
    sources: tuple[tuple[str, str, Iterator[Any], list[str], tuple[str, ...]], ...] = (
        (
            "out_of_band",
            f"an address of {prefixes.switch_out_of_band}",
            prefixes.switch_out_of_band.hosts(),
            list(missing),
            ("prefixes", "switch_out_of_band"),
        ),
        (
            "loopback",
            f"an address of {prefixes.switch_loopbacks}",
            prefixes.switch_loopbacks.hosts(),
            [name for name, role in missing.items() if role in ROUTES],
            ("prefixes", "switch_loopbacks"),
        ),
        (
            "as_number",
            f"an AS number from {numbers.first} to {numbers.last}",
            iter(range(numbers.first, numbers.last + 1)),
            [name for name, role in missing.items() if role in OWN_AS_NUMBER],
            ("switch_as_numbers",),
        ),
    )
    for field, what, choices, names, where in sources:
        column = free(choices, {getattr(each, field) for each in taken.values()}, len(names))
        _give(given, names, field, column)
        if len(column) < len(names):
            lacking = len(names) - len(column)
            several = f"{lacking} switches, from {names[len(column)]} on, lack"
            lack = f"switch {names[-1]} lacks" if lacking == 1 else several
            problems.error("network.yml", site.line("network.yml", *where), f"{lack} {what}, {field}", "a larger range")
    if problems.errors():
        return {}
    return {name: SwitchAllocation.model_validate(numbers) for name, numbers in given.items()}


def _rack(of_row: list[tuple[int, str]], middle: float, name: str) -> str:
    """Return where a row's switch stands: in the rack nearest to the middle, its second leaf in the next."""
    nearest = sorted(of_row, key=lambda each: (abs(each[0] - middle), each[0]))
    return nearest[min(1, len(nearest) - 1)][1] if is_second_leaf(name) else nearest[0][1]


def _give(given: dict[str, dict[str, Any]], names: list[str], field: str, values: list[Any]) -> None:
    for name, value in zip(names, values, strict=False):
        given[name][field] = value
