"""Switches' numbers that run out: each kind is told by name, and then nothing is chosen at all."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from karst.site.allocate import allocate
from karst.site.allocations import AllocationsFile
from karst.site.load import load
from karst.site.model import Site
from karst.site.problems import SiteError

BASE = Path(__file__).parents[2] / "errors" / "base"
SITE = load(BASE, BASE / "hardware")
NOTHING = AllocationsFile.model_validate({"schema": 1})
PREFIXES, AS_NUMBERS = SITE.network.prefixes, SITE.network.switch_as_numbers


def with_network(allocations: AllocationsFile, **changes: Any) -> Site:
    return replace(SITE, network=SITE.network.model_copy(update=changes), allocations=allocations)


def said(site: Site) -> list[str]:
    with pytest.raises(SiteError) as error:
        allocate(site)
    return [str(problem) for problem in error.value.problems]


def test_each_kind_of_number_that_runs_out_is_named_with_its_line() -> None:
    small = {"switch_out_of_band": IPv4Network("10.68.0.0/29"), "switch_loopbacks": IPv4Network("10.84.0.0/30")}
    site = with_network(
        NOTHING,
        prefixes=PREFIXES.model_copy(update=small),
        switch_as_numbers=AS_NUMBERS.model_copy(update={"last": AS_NUMBERS.first + 2}),
    )
    assert said(site) == [
        "network.yml:8: 3 switches, from h1-r1-leaf-a on, lack an address of 10.68.0.0/29, out_of_band; "
        "expected a larger range",
        "network.yml:9: 4 switches, from border-1 on, lack an address of 10.84.0.0/30, loopback; "
        "expected a larger range",
        "network.yml:12: switch h1-r1-leaf-b lacks an AS number from 4200001000 to 4200001002, as_number; "
        "expected a larger range",
    ]


def test_only_those_without_a_line_lack_a_number() -> None:
    # The first six have all the addresses that there are.
    first_six = dict(list(SITE.allocations.switches.items())[:6])
    prefixes = PREFIXES.model_copy(update={"switch_out_of_band": IPv4Network("10.68.0.0/29")})
    allocations = SITE.allocations.model_copy(update={"switches": first_six})
    assert said(with_network(allocations, prefixes=prefixes)) == [
        "network.yml:8: 3 switches, from h1-r1-leaf-a on, lack an address of 10.68.0.0/29, out_of_band; "
        "expected a larger range"
    ]


def test_a_range_that_just_suffices_does() -> None:
    four = AS_NUMBERS.model_copy(update={"last": AS_NUMBERS.first + 3})
    chosen = allocate(with_network(NOTHING, switch_as_numbers=four)).switches
    assert [each.as_number for each in chosen.values() if each.as_number] == [AS_NUMBERS.first + n for n in range(4)]
