"""The lab as `karst up` leaves it: what it says, that again nothing changes, and two at once."""

from __future__ import annotations

import json
import re

import pytest

from karst.redfish.system import FORCE_OFF, System
from tests.stacks.bmc import change_system
from tests.stacks.clone import KARST, SERVERS, Clone
from tests.stacks.conftest import Lab

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lab")]


def test_up_says_what_it_does_and_ends_with_a_summary(built: Lab) -> None:
    said = re.sub(r" +", " ", built.first.err)
    for step in ("check lab: 3 racks", "workspace", "twin started: 18 BMCs", "lab-metal-h1 6 created", "lab-tenants"):
        assert f"\n {step}" in f"\n{said}", step
    rows = dict(re.findall(r"^  (\S.*?)  +(\S.*?) *$", built.first.out, re.MULTILINE))
    assert rows["site"].startswith("lab, plan ")
    assert (rows["racks"], rows["servers on"], rows["PDUs"]) == ("3", "12 of 12", "6")
    assert rows["tenants"] == "archive, genomics, weather"
    assert (rows["held"], rows["failed"], rows["reset pending"]) == ("none", "none", "none")
    assert "look closer" in built.first.err


def test_again_nothing_changes(lab: Clone) -> None:
    before, resources = lab.truth(), lab.shell("kubectl get all,quota,netpol,limits,rolebindings -A -o json").out
    run = lab.karst("up", "--expect-no-changes")
    assert run.status == 0, run.all
    assert "nothing changed" in run.err
    assert lab.truth() == before
    assert lab.shell("kubectl get all,quota,netpol,limits,rolebindings -A -o json").out == resources


def test_status_says_the_same_and_asks_no_bmc(lab: Clone) -> None:
    before = lab.control.status(devices=False)["requests"]
    run = lab.karst("status", "--format", "json")
    assert run.status == 0, run.all
    said = json.loads(run.out)
    assert (said["servers_on"], said["tenants"]) == (12, ["archive", "genomics", "weather"])
    assert said["twin"]["state"].startswith("running")
    assert lab.control.status(devices=False)["requests"] == before


def test_two_karst_and_a_pulumi_at_once_never_write_to_one_bmc(lab: Clone) -> None:
    async def scribble(system: System) -> None:
        await system.set_asset_tag("scribbled")

    async def switch_off(system: System) -> None:
        await system.reset(FORCE_OFF, ("Off",))
        await system.wait_power("Off", 30)

    for name in SERVERS:
        change_system(lab, name, scribble)
    for name in SERVERS[:4]:
        change_system(lab, name, switch_off)
    before = lab.devices()
    lab.control.reset_counters()
    # Waits for the first where the first has the clone, or for the engine where that has the stack.
    runs = [lab.start(KARST, "up"), lab.start(KARST, "up")]
    engine = lab.shell("pulumi up --yes --skip-preview --non-interactive --stack lab-metal-h1")
    ended = [(run.communicate(timeout=200), run.returncode) for run in runs]
    assert [status for _, status in ended] == [0, 0], ended
    assert sum("another karst is at work in this clone" in err for (_, err), _ in ended) == 1
    assert engine.status == 0 or "currently locked" in engine.all, engine.all
    after = lab.devices()
    for name in SERVERS:
        assert after[name]["concurrent_writers"] <= 1, name
        assert (after[name]["power"], after[name]["resets"]) == ("On", before[name]["resets"]), name
        assert after[name]["power_ons"] - before[name]["power_ons"] == (name in SERVERS[:4]), name
        assert after[name]["requests"]["PATCH"] == 1, name
    assert lab.karst("up", "--expect-no-changes").status == 0
