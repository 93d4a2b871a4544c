"""What holds of every network: ports are used once, both ends agree, new racks and servers move no cable."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from plan_support import POSITIONS, ROW, positions_of_a_row, servers_of_a_rack, site_with

from karst.plan.model import Plan
from karst.plan.network.cables import cables, cables_of
from karst.plan.network.fabric import fabric
from karst.plan.network.model import Cable, CableKind, NeighbourRole, Node
from karst.plan.network.nodes import nodes
from karst.plan.pipeline import plan
from karst.plan.server import server
from karst.site.load import load
from karst.site.switches import SwitchRole

ROOT = Path(__file__).parents[3]


def laid(planned: Plan) -> dict[str, Cable]:
    """Every cable by its label."""
    found = list(cables(fabric(planned)))
    by_label = {cable.label: cable for cable in found}
    assert len(by_label) == len(found), "a label stands twice"
    return by_label


@pytest.fixture(scope="module", params=["lab", "qixing"])
def planned(request: pytest.FixtureRequest) -> Plan:
    return plan(load(ROOT / "sites" / request.param, ROOT / "hardware"))


def test_no_port_has_two_cables(planned: Plan) -> None:
    ends = Counter(end for cable in laid(planned).values() for end in (cable.a, cable.b))
    assert [end for end, times in ends.items() if times > 1] == []


def test_every_server_hangs_on_two_leaves_of_two_paths(planned: Plan) -> None:
    leaves: dict[str, set[str | None]] = {}
    for cable in laid(planned).values():
        if cable.kind is CableKind.HOST:
            leaves.setdefault(cable.b.device, set()).add(planned.switches[cable.a.device].path)
    servers = [f"{rack}-{short}" for rack, seat in planned.racks.items() for short in planned.layout(seat).servers]
    assert leaves.keys() == set(servers)
    assert {frozenset(paths) for paths in leaves.values()} == {frozenset("AB")}


def test_whatever_is_managed_has_a_cable_out_of_band(planned: Plan) -> None:
    found = {cable.b.device for cable in laid(planned).values() if cable.kind is CableKind.OUT_OF_BAND}
    devices = {
        f"{rack}-{short}"
        for rack, seat in planned.racks.items()
        for short in (*planned.layout(seat).servers, *planned.layout(seat).pdus)
    }
    routing = {name for name, each in planned.switches.items() if each.role is not SwitchRole.OUT_OF_BAND}
    assert found == devices | routing


def test_both_ends_of_a_link_are_told_the_same() -> None:
    planned = plan(load(ROOT / "sites" / "lab", ROOT / "hardware"))
    found = {each.name: each for each in nodes(fabric(planned))}
    assert len(found) == len(planned.racks) * 4 + 2 + 2 + 2
    for each in found.values():
        for link in each.links:
            if link.neighbour_role is not NeighbourRole.CARRIER:
                other = found[link.neighbour]
                (back,) = (one for one in other.links if one.cable == link.cable)
                assert (back.neighbour, back.neighbour_interface) == (each.name, link.interface)
                assert (link.neighbour_as_number, link.neighbour_loopback) == (other.as_number, other.loopback)
                assert link.neighbour_role is other.role


def test_the_lab_s_hosts_and_leaves_are_as_declared() -> None:
    planned = plan(load(ROOT / "sites" / "lab", ROOT / "hardware"))
    found: dict[str, Node] = {each.name: each for each in nodes(fabric(planned))}
    host = found["h1-r1-03-s02"]
    assert [(link.interface, link.neighbour) for link in host.links] == [
        ("eth0", "h1-r1-leaf-a"),
        ("eth1", "h1-r1-leaf-b"),
    ]
    assert host.loopback == server(planned, "h1-r1-03-s02").loopback
    assert host.as_number == planned.racks["h1-r1-03"].as_number
    leaf = found["h1-r1-leaf-b"]
    # The third of three positions has the last third of 48 ports.
    assert [link.interface for link in leaf.links if link.neighbour.startswith("h1-r1-03")] == [
        "swp33",
        "swp34",
        "swp35",
        "swp36",
    ]
    assert [(link.interface, link.neighbour) for link in leaf.links[-2:]] == [
        ("swp49", "spine-01"),
        ("swp50", "spine-02"),
    ]


def test_a_device_s_cables_are_those_of_the_whole() -> None:
    planned = plan(load(ROOT / "sites" / "lab", ROOT / "hardware"))
    made, whole = fabric(planned), laid(planned)
    for each in nodes(made):
        own = {cable.label for cable in cables_of(made, each.name)}
        assert own == {
            label
            for label, cable in whole.items()
            if cable.kind is not CableKind.OUT_OF_BAND and each.name in (cable.a.device, cable.b.device)
        }


@given(servers_of_a_rack(most=4), positions_of_a_row, positions_of_a_row)
def test_a_new_rack_moves_no_cable(of_rack: dict[str, Any], row: list[int], more: list[int]) -> None:
    before = site_with(of_rack, row, {})
    after = site_with(of_rack, list(dict.fromkeys([*more, *row])), {}, before)
    had, has = laid(plan(before)), laid(plan(after))
    assert {label: has.get(label) for label in had} == had


@given(servers_of_a_rack(most=3), positions_of_a_row)
def test_a_server_named_after_the_others_moves_no_cable(of_rack: dict[str, Any], row: list[int]) -> None:
    before = site_with(of_rack, row, {})
    taken = {unit for each in of_rack.values() for unit in (each["u"], each["u"] + 1)}
    u = next(unit for unit in range(1, 30) if unit not in taken)
    new = {"s99": {"device_type": "fanjing-s210", "u": u}}
    after = site_with(of_rack, row, {f"{ROW}-{row[0]:02d}": {"servers": new}}, before)
    had, has = laid(plan(before)), laid(plan(after))
    assert {label: has.get(label) for label in had} == had
    assert len(row) <= POSITIONS
    assert len(has) - len(had) in (0, 3)  # two to the leaves and one out of band, if the rack's ports allow it
