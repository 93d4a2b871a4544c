from __future__ import annotations

from typing import Any

from karst.provider import hall_resource, rack_resource
from karst.provider.differences import compare

from .samples import device, parsed, rack, server

SEEN: dict[str, Any] = {"observed": {"s01": {"power": "On", "generation": 1}}, "failed": {}}


def paths(old: Any, new: Any, state: dict[str, Any] = SEEN, consent: tuple[str, ...] = ()) -> set[str]:
    return set(compare(old, new, state, consent).paths)


def test_nothing_differs() -> None:
    assert paths(parsed(server()), parsed(server())) == set()


def test_each_property_is_named_by_its_server() -> None:
    old = parsed(server(power="Off", asset_tag="other", settings={"BootMode": "Bios"}))
    state = {"observed": {"s01": {"power": "Off", "generation": 1}}}
    new = parsed(server(endpoint="https://127.64.0.9:8443"))
    assert paths(old, new, state) == {
        "servers.s01.power",
        "servers.s01.asset_tag",
        "servers.s01.settings.BootMode",
        "servers.s01.endpoint",
    }


def test_names_with_dashes_are_quoted() -> None:
    old = rack_resource.parse(
        {"name": "r", "credential_generation": 1, "servers": {"h1-r1-01-s03": server(settings={"BootMode": "Bios"})}}
    )
    new = rack_resource.parse({"name": "r", "credential_generation": 1, "servers": {"h1-r1-01-s03": server()}})
    state = {"observed": {"h1-r1-01-s03": {"power": "On", "generation": 1}}}
    assert paths(old, new, state) == {'servers["h1-r1-01-s03"].settings.BootMode'}


def test_a_staged_setting_waits_for_consent() -> None:
    state = {"observed": {"s01": {"power": "On", "generation": 1, "settings": {"BootMode": "Bios"}}}}
    found = compare(parsed(server()), parsed(server()), state, ())
    assert (found.paths, found.pending) == ({}, ["s01"])
    assert paths(parsed(server()), parsed(server()), state, ("s01",)) == {"servers.s01.settings.BootMode"}


def test_failed_ones_and_only_they_are_visited_again() -> None:
    state = {**SEEN, "observed": {"s01": SEEN["observed"]["s01"], "s02": {"power": "On", "generation": 1}}}
    state["failed"] = {"s02": "no answer"}
    found = compare(parsed(server(1), server(2)), parsed(server(1), server(2)), state, ())
    assert (found.paths, found.visit) == ({"failed.s02": "delete"}, {"s02"})


def test_a_new_generation_visits_all() -> None:
    found = compare(parsed(server()), parsed(server(), generation=2), SEEN, ())
    assert set(found.paths) == {"credential_generation", "observed.s01.generation"}
    assert found.visit == {"s01"}


def test_branches_are_noted_without_a_visit() -> None:
    found = compare(parsed(server()), parsed(server(branches=["pdu-a/B2"])), SEEN, ())
    assert (set(found.paths), found.visit) == ({"servers.s01.branches"}, set())


def test_a_held_server_that_drifts_is_no_difference() -> None:
    hold = {"who": "Li", "why": "board swap", "until": "2026-12-01"}
    old, new = parsed(server(power="Off", hold=hold)), parsed(server(hold=hold))
    assert paths(old, new, {"observed": {"s01": {"power": "Off", "generation": 1}}}) == set()


def test_an_active_server_must_not_vanish_or_be_renamed() -> None:
    faults = rack_resource.check(rack(server(1), server(2)), rack(server(1)))
    assert [each.path for each in faults] == ["servers.s02"]
    leaving = rack_resource.check(rack(server(1), server(2, status="decommissioning")), rack(server(1)))
    assert leaving == []


def test_faults_come_all_at_once() -> None:
    wrong = rack(server(1, endpoint="http://x"), server(2, power="Maybe", colour="red"))
    assert {each.path for each in rack_resource.check(None, wrong)} == {
        "servers.s01.endpoint",
        "servers.s02.power",
        "servers.s02.colour",
    }


def test_two_devices_do_not_share_an_endpoint() -> None:
    pdus = {"pdu-a": device(1)}
    (fault,) = rack_resource.check(None, rack(server(1), pdus=pdus))
    assert fault.path.endswith(".endpoint")


def test_a_rack_keeps_its_name() -> None:
    (fault,) = rack_resource.check({**rack(server()), "name": "r0"}, rack(server()))
    assert fault.path == "name"


def test_a_hall_keeps_its_racks_while_they_have_active_servers() -> None:
    before = {"name": "h1", "racks": {"r1": 4, "r2": 0}}
    (fault,) = hall_resource.check(before, {"name": "h1", "racks": {}})
    assert fault.path == "racks.r1"
    assert "4 active" in fault.reason
