"""The outlet test proves what watts cannot, touches one outlet at a time, and leaves all on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from karst.plan.server import server as planned_server
from karst.provider.bounds import Bounds
from karst.site.base import Hold, Status
from karst.verify.finding import Alert, Finding, Outcome
from karst.verify.outlet_test import outlet_test, refusal
from karst.verify.verify import choose

from .site import HALL, Site, shown

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verify")]

# Of each shape of BMC; the older one tells of a lost input by its volts alone.
SHAPES = ("h1-r1-02-s02", "h1-r1-01-s03", "h1-r1-03-s04")


def proven(site: Site, server: str) -> dict[str, Finding]:
    rack = server.rpartition("-")[0]
    racks = choose(site.lab.plan, {HALL: site.reach}, (rack,))
    bounds = Bounds(2, site.folder / "locks")
    work = outlet_test(racks.racks[rack].servers[server], racks.targets[rack], bounds, lambda _: None, loss_shows_s=1.0)
    return {each.part: each for each in asyncio.run(work)}


def outlets_off(site: Site) -> list[str]:
    return [outlet for device in site.lab.devices().values() for outlet in device.get("outlets_off", [])]


@pytest.mark.parametrize("server", SHAPES)
def test_planned_cords_are_proven_and_the_server_runs_on(site: Site, server: str) -> None:
    before = site.lab.devices()[server]
    found = proven(site, server)
    assert {port: each.outcome for port, each in found.items()} == dict.fromkeys(("PSU1", "PSU2"), Outcome.PASSED)
    after = site.lab.devices()[server]
    assert (after["power"], after["power_ons"], after["resets"]) == ("On", before["power_ons"], before["resets"])
    assert outlets_off(site) == []


def test_supplies_with_each_other_s_cords_are_told_apart(site: Site) -> None:
    """Both outlets feed the server as planned, and give the same watts: no sweep can tell."""
    server = SHAPES[0]
    one, other = planned_server(site.lab.plan, server).cords
    crossed = {one.power_port: [other.pdu, other.outlet], other.power_port: [one.pdu, one.outlet]}
    site.lab.control.change_cabling({"cords": {server: {one.power_port: None}}})
    site.lab.control.change_cabling({"cords": {server: {other.power_port: crossed[other.power_port]}}})
    site.lab.control.change_cabling({"cords": {server: crossed}})
    site.build()  # it was without power on the way
    assert shown(site.verify().findings) == {}
    found = proven(site, server)
    assert {port: each.outcome for port, each in found.items()} == dict.fromkeys(("PSU1", "PSU2"), Outcome.FAILED)
    assert found["PSU1"].sentence == f"outlet {one.outlet} of {one.pdu} feeds PSU2"
    assert outlets_off(site) == []


def test_an_outlet_of_another_server(site: Site) -> None:
    one, other = "h1-r1-01-s01", "h1-r1-01-s02"
    first, second = planned_server(site.lab.plan, one).cords[0], planned_server(site.lab.plan, other).cords[0]
    site.lab.control.change_cabling(
        {"cords": {one: {"PSU1": [second.pdu, second.outlet]}, other: {"PSU1": [first.pdu, first.outlet]}}}
    )
    found = proven(site, one)
    assert found["PSU1"].outcome is Outcome.FAILED
    assert found["PSU1"].sentence == f"outlet {first.outlet} of {first.pdu} feeds no supply of this server"
    assert found["PSU2"].outcome is Outcome.PASSED
    assert site.lab.devices()[other]["power"] == "On"
    assert outlets_off(site) == []


def test_a_server_that_one_path_alone_feeds_is_not_touched(site: Site) -> None:
    server = SHAPES[0]
    site.lab.control.change_cabling({"cords": {server: {"PSU2": None}}})
    found = proven(site, server)
    assert {each.outcome for each in found.values()} == {Outcome.UNOBSERVED}
    assert "PSU2 had no input before" in found["PSU1"].sentence
    assert site.lab.devices()[server]["power"] == "On"


def test_who_may_be_tested(site: Site) -> None:
    racks = choose(site.lab.plan, {HALL: site.reach}, ("h1-r1-01",))
    active = racks.racks["h1-r1-01"].servers["h1-r1-01-s01"]
    staged = replace(active, status=Status.STAGED)
    held = replace(staged, hold=Hold(who="li.wei", why="wiring", until=date(2026, 12, 1)))
    assert refusal(staged, [], consent=False) == ""
    assert refusal(active, [], consent=True) == ""
    assert "is active, not staged" in refusal(active, [], consent=False)
    assert refusal(held, [], consent=True) == "h1-r1-01-s01 is held by li.wei until 2026-12-01 (wiring)"
    assert refusal(replace(active, status=Status.FAILED), [], consent=True) == "h1-r1-01-s01 is failed"
    lost = Finding("h1-r1-01-s02", "power.input", "PSU2", Outcome.FAILED, "its input is lost", Alert.PAGE)
    assert "h1-r1-01-s02 power.input PSU2: its input is lost" in refusal(staged, [lost], consent=True)
