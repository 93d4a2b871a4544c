"""The network as built: what may be broken, what is refused, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from karst.plan.network.fabric import fabric
from karst.plan.network.model import Cable
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.twin.fabric import carriers
from karst.twin.hosts_seed import host_seats
from karst.twin.network.built import Built
from karst.twin.network.devices import carriers_of_entrance, network_devices, planned_cables

ROOT = Path(__file__).parents[3]
MADE = fabric(plan(load(ROOT / "sites" / "lab", ROOT / "hardware")))
DEVICES = network_devices(MADE)
CABLES = planned_cables(MADE, DEVICES, host_seats(MADE.plan))
ONE, OTHER = "h1-r1-01-s01:eth0", "h1-r1-01-s02:eth0"
LABEL = f"h1-r1-leaf-a:swp1--{ONE}"


def built(path: Path, cables: list[Cable] = CABLES) -> Built:
    return Built(path / "network.json", cables, DEVICES, ["carrier-1", "carrier-2"])


def change(found: Built, **wanted: Any) -> None:
    found.change(json.dumps(wanted).encode())


def ends(found: Built) -> set[frozenset[str]]:
    return {frozenset(f"{device}:{interface}" for device, interface in (a, b)) for a, b, _ in found.cables()}


def test_it_starts_as_planned(tmp_path: Path) -> None:
    assert ends(built(tmp_path)) == {frozenset(cable.label.split("--")) for cable in CABLES}
    assert all(whole for _, _, whole in built(tmp_path).cables())


def test_two_cables_change_places_and_back(tmp_path: Path) -> None:
    found = built(tmp_path)
    before = ends(found)
    change(found, swap=[ONE, OTHER])
    assert ends(found) - before == {frozenset({ONE, "h1-r1-leaf-a:swp2"}), frozenset({OTHER, "h1-r1-leaf-a:swp1"})}
    assert ends(built(tmp_path)) == ends(found)
    change(found, swap=[OTHER, ONE])
    assert ends(found) == before
    assert found.body()["moved"] == {}


def test_a_cut_goes_with_its_cable_and_a_speed_with_its_end(tmp_path: Path) -> None:
    found = built(tmp_path)
    change(found, cut={LABEL: True}, speeds_gbps={ONE: 10})
    assert [a for a, _, whole in found.cables() if not whole] == [("h1-r1-01-s01", "eth0")]
    assert found.speeds_gbps("h1-r1-01-s01") == {"eth0": 10, "eth1": 25}
    change(found, cut={LABEL: False}, speeds_gbps={ONE: None})
    assert all(whole for _, _, whole in found.cables())
    assert found.speeds_gbps("h1-r1-01-s01") == {"eth0": 25, "eth1": 25}


def test_a_cable_keeps_its_label_where_it_was_moved(tmp_path: Path) -> None:
    found = built(tmp_path)
    change(found, swap=[ONE, OTHER], cut={LABEL: True})
    assert [(a, b) for a, b, whole in found.cables() if not whole] == [
        (("h1-r1-01-s02", "eth0"), ("h1-r1-leaf-a", "swp1"))
    ]
    (moved,) = (each for each in found.body()["cables"] if each["label"] == LABEL)
    assert moved == {"label": LABEL, "a": "h1-r1-leaf-a:swp1", "b": OTHER, "whole": False}


def test_any_order_of_swaps_leaves_each_port_one_cable(tmp_path: Path) -> None:
    found = built(tmp_path)
    for one, other in (
        (ONE, OTHER),
        ("spine-01:swp1", "spine-02:swp1"),
        (OTHER, "border-1:swp1"),
        (ONE, "spine-01:swp1"),
    ):
        change(found, swap=[one, other])
        ports = [end for a, b, _ in found.cables() for end in (a, b)]
        assert len(set(ports)) == len(ports) == 2 * len(CABLES)


def test_all_is_mended_at_once(tmp_path: Path) -> None:
    found = built(tmp_path)
    change(found, off={"spine-01": True}, silent={"spine-02": True}, withdrawn={"carrier-1": True}, swap=[ONE, OTHER])
    change(found, mend=True)
    assert found.body() == built(tmp_path / "new").body()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"off": {"spine-1": True}}, 'there is no device spine-1; did you mean "spine-01"?'),
        ({"withdrawn": {"spine-01": True}}, "there is no carrier spine-01"),
        ({"cut": {"nowhere": True}}, "there is no cable nowhere"),
        ({"swap": [ONE, "h1-r1-leaf-a:swp1"]}, "are the two ends of one cable"),
        ({"speeds_gbps": {"spine-01:swp99": 10}}, "there is no end of a cable spine-01:swp99"),
        ({"broken": True}, "Extra inputs"),
    ],
)
def test_what_is_not_there_is_refused_and_nothing_changes(tmp_path: Path, wanted: dict[str, Any], said: str) -> None:
    found = built(tmp_path)
    before = found.body()
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        change(found, **{"cut": {LABEL: True}, **wanted} if "cut" not in wanted else wanted)
    assert found.body() == before


def test_what_the_plan_has_no_longer_is_not_broken_any_more(tmp_path: Path) -> None:
    change(built(tmp_path), cut={LABEL: True}, swap=[ONE, OTHER], off={"spine-01": True})
    left = built(tmp_path, [cable for cable in CABLES if cable.label != LABEL]).body()
    assert (left["cut"], left["moved"], left["off"]) == ([], {}, ["spine-01"])


def test_an_entrance_takes_its_carriers_and_the_borders_that_have_no_others() -> None:
    assert list(carriers_of_entrance(MADE, "east")) == ["carrier-1", "border-1"]
    assert {name for name, device in DEVICES.items() if device.seat is None} == {"carrier-1", "carrier-2"}


def test_a_hall_that_is_not_imitated_has_no_leaves() -> None:
    assert set(DEVICES) - set(network_devices(MADE, frozenset({"h2"}))) == {"h1-r1-leaf-a", "h1-r1-leaf-b"}
    assert network_devices(MADE, frozenset({"h1"})) == DEVICES


def test_a_carrier_that_took_its_default_back_starts_without_it() -> None:
    carrier = carriers.Carrier("carrier-1", 4200010001, {"hand-over": 4200001000})
    said, withdrawn = (carriers.text(carrier, withdrawn=each).splitlines() for each in (False, True))
    assert [line for line in said if line not in withdrawn] == ["  neighbor hand-over default-originate"]
