"""A rack comes and goes, settings change: what may hurt happens to whom it was consented for, and to none else."""

from __future__ import annotations

import re

import pytest

from tests.stacks.clone import SERVERS, Clone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lab")]

RACK = "h1-r1-04"
FAILED, HELD, STAGED, ACTIVE = (f"{RACK}-s{number:02d}" for number in (1, 2, 3, 4))
FIRSTS = [name for name in SERVERS if name.endswith("s01")]
CONSENTED = FIRSTS[1]

CAME = """
racks:
  h1-r1-04:
    servers:
      s01: {status: failed}
      s02: {hold: {who: li.wei, why: its memory is being looked at, until: 2099-12-31}}
      s03: {status: staged}
"""
GOES = """
racks:
  h1-r1-04: {status: decommissioning}
"""


def with_a_fourth_rack(text: str, change: str) -> str:
    return text.replace("positions: 1-3", "positions: 1-4") + change


def without_the_fourth_rack(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(RACK))


def with_more_power(text: str) -> str:
    return re.sub(
        r"(role: control_plane\n +settings: .*)power_profile: balanced", r"\1power_profile: performance", text
    )


def counted(lab: Clone, what: str) -> dict[str, int]:
    return {name: each[what] for name, each in lab.devices().items() if what in each}


def test_a_rack_comes_and_goes_and_nobody_is_reset_unasked(lab: Clone) -> None:
    racks, before, built = "sites/lab/racks.yml", counted(lab, "resets"), lab.truth()
    offs = counted(lab, "power_offs")
    with (
        lab.restored("sites/lab/allocations.yml", "sites/lab/assets.csv"),
        lab.edited("sites/lab/spaces.yml", lambda text: text.replace("positions: 3", "positions: 4")),
    ):
        with lab.edited(racks, lambda text: with_a_fourth_rack(with_more_power(text), CAME)):
            for command in (("allocate", "lab"), ("twin", "deliver", "lab", "--write")):
                run = lab.karst(*command)
                assert run.status == 0, run.all
            summary = lab.up()
            assert (summary["racks"], summary["servers"], summary["servers_on"]) == (4, 16, 13)
            assert summary["held"] == [HELD]
            assert summary["failed"] == {FAILED: "its status is failed"}
            assert summary["reset_pending"] == FIRSTS
            devices = lab.devices()
            assert devices[FAILED]["requests"] == {}
            assert "PATCH" not in devices[HELD]["requests"]
            assert {name: devices[name]["power"] for name in (FAILED, HELD, STAGED, ACTIVE)} == {
                FAILED: "Off", HELD: "Off", STAGED: "Off", ACTIVE: "On",
            }  # fmt: skip
            assert counted(lab, "resets") == {**dict.fromkeys((FAILED, HELD, STAGED, ACTIVE), 0), **before}

            consent = f"pulumi config set --stack lab-metal-h1 --path 'karst:allow_reset[0]' {CONSENTED}"
            assert lab.shell(consent).status == 0
            summary = lab.up()
            assert summary["reset_pending"] == [name for name in FIRSTS if name != CONSENTED]
            after = counted(lab, "resets")
            assert {name for name in before if after[name] != before[name]} == {CONSENTED}
            assert after[CONSENTED] == before[CONSENTED] + 1

        with lab.edited("sites/lab/assets.csv", without_the_fourth_rack):
            vanished = lab.shell("pulumi preview --stack lab-metal-h1 --non-interactive")
        assert vanished.status != 0
        assert f"{RACK}" in vanished.all
        assert "2 active servers and would vanish" in vanished.all
        assert counted(lab, "power_offs") == {**dict.fromkeys((FAILED, HELD, STAGED, ACTIVE), 0), **offs}

        with lab.edited(racks, lambda text: with_a_fourth_rack(text, GOES)):
            summary = lab.up()
            # What leaves is left alone until it has left; the settings of before are back, by one more reset.
            assert counted(lab, "resets")[CONSENTED] == before[CONSENTED] + 2
            assert (summary["reset_pending"], summary["held"], summary["failed"]) == ([], [], {})
            assert lab.devices()[ACTIVE]["power"] == "On"
        assert lab.shell("pulumi config rm --stack lab-metal-h1 karst:allow_reset").status == 0
    summary = lab.up()
    assert (summary["racks"], summary["servers"], summary["servers_on"]) == (3, 12, 12)
    truth = lab.truth()
    assert {name: truth[name]["power"]["state"] for name in (STAGED, ACTIVE)} == {STAGED: "Off", ACTIVE: "Off"}
    assert [truth[name]["power"]["power_offs"] for name in (STAGED, ACTIVE)] == [0, 1]
    # Whoever had no part in it is as before, to the last line of the event log.
    others = [name for name in built if name not in FIRSTS]
    assert {name: truth[name] for name in others} == {name: built[name] for name in others}
