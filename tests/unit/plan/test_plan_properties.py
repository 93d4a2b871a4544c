"""What holds of every plan: it does not depend on the order of keys, new things move nothing, cords are sound."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_support import HEIGHTS_U, POSITIONS, ROW, positions_of_a_row, servers_of_a_rack, site_with

from karst.plan.check import check
from karst.plan.data import as_json, plan_data
from karst.plan.model import Plan, Rack, Server
from karst.plan.pipeline import plan
from karst.plan.rack import rack
from karst.plan.server import server


def racks(planned: Plan) -> list[Rack]:
    return [rack(planned, name) for name in planned.racks]


def servers(planned: Plan) -> dict[str, Server]:
    return {name: each for one in racks(planned) for name, each in one.servers.items()}


@given(servers_of_a_rack(), positions_of_a_row, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(of_rack: dict[str, Any], row: list[int], chance: random.Random) -> None:
    first = site_with(of_rack, sorted(row), {})
    shuffled = list(of_rack.items())
    chance.shuffle(shuffled)
    second = site_with({name: dict(reversed(each.items())) for name, each in shuffled}, sorted(row), {}, first)
    assert as_json(plan_data(plan(first), detail=True)) == as_json(plan_data(plan(second), detail=True))


@given(servers_of_a_rack(most=6), positions_of_a_row, servers_of_a_rack(most=3))
def test_a_new_server_moves_no_other(of_rack: dict[str, Any], row: list[int], more: dict[str, Any]) -> None:
    taken = {u for each in of_rack.values() for u in range(each["u"], each["u"] + HEIGHTS_U[each["device_type"]])}
    new = {
        f"new-{name}": each
        for name, each in more.items()
        if taken.isdisjoint(range(each["u"], each["u"] + HEIGHTS_U[each["device_type"]]))
    }
    before = site_with(of_rack, row, {})
    after = site_with(of_rack, row, {f"{ROW}-{row[0]:02d}": {"servers": new}}, before)
    had, has = servers(plan(before)), servers(plan(after))
    assert len(has) == len(had) + len(new)
    assert {name: has[name] for name in had} == had


@given(servers_of_a_rack(most=4), positions_of_a_row, positions_of_a_row)
def test_a_new_rack_moves_no_other(of_rack: dict[str, Any], row: list[int], more: list[int]) -> None:
    before = site_with(of_rack, row, {})
    after = site_with(of_rack, list(dict.fromkeys([*more, *row])), {}, before)
    had, has = plan(before), plan(after)
    assert [rack(has, name) for name in had.racks] == racks(had)


@given(servers_of_a_rack(), positions_of_a_row)
def test_each_supply_on_another_path_and_each_address_once(of_rack: dict[str, Any], row: list[int]) -> None:
    planned = plan(site_with(of_rack, row, {}))
    addresses: Counter[object] = Counter()
    for one in racks(planned):
        for each in one.servers.values():
            assert sorted(cord.path for cord in each.cords) == ["A", "B"]
            assert all(one.pdus[cord.pdu].path == cord.path for cord in each.cords)
            assert server(planned, each.name) == each
            addresses.update((each.out_of_band, each.loopback))
        addresses.update(each.out_of_band for each in one.pdus.values())
        block = planned.racks[one.name].out_of_band
        inside = set(block.hosts())
        assert all(each.out_of_band in inside for each in (*one.servers.values(), *one.pdus.values()))
    assert all(times == 1 for times in addresses.values())


@given(servers_of_a_rack(most=30), positions_of_a_row)
def test_no_outlet_twice_unless_check_says_so(of_rack: dict[str, Any], row: list[int]) -> None:
    planned = plan(site_with(of_rack, row, {}))
    one = rack(planned, next(iter(planned.racks)))
    used = Counter((cord.pdu, cord.outlet) for each in one.servers.values() for cord in each.cords)
    said = any("share outlet" in problem.what for problem in check(planned))
    assert said == any(times > 1 for times in used.values())


@pytest.mark.parametrize(
    ("kind", "units"),
    [
        ("wumeng-c140", range(1, 25)),
        ("wumeng-c140", range(1, 43, 2)),
        ("wumeng-c140", range(2, 43, 2)),
        ("leigong-r220", range(1, 42, 2)),
    ],
)
def test_racks_as_people_fill_them_use_each_outlet_once_and_phases_evenly(kind: str, units: range) -> None:
    of_rack = {f"s{u:02d}": {"device_type": kind, "u": u} for u in units}
    one = rack(plan(site_with(of_rack, [1], {})), f"{ROW}-01")
    outlets = Counter((cord.pdu, cord.outlet) for each in one.servers.values() for cord in each.cords)
    assert set(outlets.values()) == {1}
    for pdu in one.pdus.values():
        loads = [branch.load_w for branch in pdu.branches]
        assert max(loads) - min(loads) <= next(iter(one.servers.values())).budget_w / 2


@given(servers_of_a_rack(), positions_of_a_row)
def test_power_is_neither_lost_nor_made(of_rack: dict[str, Any], row: list[int]) -> None:
    planned = plan(site_with(of_rack, row, {}))
    for one in racks(planned):
        total_w = sum(each.budget_w for each in one.servers.values())
        assert sum(pdu.load_w for pdu in one.pdus.values()) == pytest.approx(total_w)
        for pdu in one.pdus.values():
            assert pdu.load_one_path_w == pytest.approx(total_w)  # two paths: what is left carries all
            assert sum(branch.load_w for branch in pdu.branches) == pytest.approx(pdu.load_w)
    loads = plan_data(planned)["power"]
    site_w = sum(each.budget_w for each in servers(planned).values())
    sources = [load for load in loads.values() if load["kind"] == "utility_sources"]
    assert sum(load["load_w"] for load in sources) == pytest.approx(site_w)
    assert all(load["worst_w"] == pytest.approx(site_w) for load in sources)


def test_a_plan_cannot_be_changed() -> None:
    planned = plan(site_with({"s01": {"device_type": "wumeng-c140", "u": 1}}, list(range(1, POSITIONS + 1)), {}))
    with pytest.raises(TypeError):
        planned.racks["x"] = next(iter(planned.racks.values()))  # type: ignore[index]
    with pytest.raises(AttributeError):
        planned.hash = ""  # type: ignore[misc]
