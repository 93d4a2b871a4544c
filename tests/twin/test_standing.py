"""A rack that the plan no longer has stands until it is off."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from karst.plan.pipeline import plan
from karst.site.load import load
from karst.twin.device import Device, devices
from karst.twin.standing import with_standing
from karst.twin.state import Power
from karst.twin.store import Store

ROOT = Path(__file__).resolve().parents[2]
SERVER, RACK = "h1-r1-03-s02", "h1-r1-03"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bmc.sqlite")


@pytest.fixture(scope="module")
def built() -> list[Device]:
    return devices(plan(load(ROOT / "sites" / "lab", ROOT / "hardware")))


def stand(planned: list[Device], known: list[Device], tmp_path: Path, store: Store) -> list[Device]:
    types, specs = {each.type.slug: each.type for each in known}, {each.type.slug: each.spec for each in known}
    return with_standing(planned, tmp_path / "built.json", store, types, specs)


def test_it_stands_whole_while_one_server_runs_and_is_gone_when_all_are_off(
    built: list[Device], tmp_path: Path, store: Store
) -> None:
    assert stand(built, built, tmp_path, store) == built
    left = [each for each in built if each.rack != RACK]
    store.put(SERVER, Power.section, orjson.dumps(Power(state="On")))
    store.flush()
    found = stand(left, built, tmp_path, store)
    assert found[: len(left)] == left
    assert {each.name: each for each in found} == {each.name: each for each in built}
    # Again: it is remembered though the plan knows it no more.
    assert stand(left, built, tmp_path, store) == found
    store.put(SERVER, Power.section, orjson.dumps(Power(state="Off")))
    store.flush()
    assert stand(left, built, tmp_path, store) == left
    store.put(SERVER, Power.section, orjson.dumps(Power(state="On")))
    store.flush()
    assert stand(left, built, tmp_path, store) == left


def test_one_server_taken_out_stands_with_its_rack_s_others_planned(
    built: list[Device], tmp_path: Path, store: Store
) -> None:
    stand(built, built, tmp_path, store)
    store.put(SERVER, Power.section, orjson.dumps(Power(state="On")))
    store.flush()
    left = [each for each in built if each.name != SERVER]
    assert [each.name for each in stand(left, built, tmp_path, store)] == [*(each.name for each in left), SERVER]


def test_whoever_was_given_its_address_or_name_has_it(built: list[Device], tmp_path: Path, store: Store) -> None:
    stand(built, built, tmp_path, store)
    gone = next(each for each in built if each.name == SERVER)
    store.put(SERVER, Power.section, orjson.dumps(Power(state="On")))
    store.flush()
    heir = Device("h1-r1-09-s01", gone.shape, gone.address, gone.type, gone.spec, "h1-r1-09")
    left = [each for each in built if each.name != SERVER] + [heir]
    assert stand(left, built, tmp_path, store) == left
