"""What the role `power` concludes from what NUT and a BMC say."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from programs import program

power = program("power")

A1, A2 = power.Source("ups-a1", "A", "10.72.0.41", 1), power.Source("ups-a2", "A", "10.72.0.41", 1)
B = power.Source("ups-b", "B", "10.72.0.42", 1)
# `ipmitool -c sdr type "Power Supply"` of three supplies, and one that the BMC has no reading of.
LISTED = """\
PS1 Status,C8h,ok,10.1,Presence detected
PS2 Status,C9h,ok,10.2,Presence detected, Power Supply AC lost
PS3 Status,CAh,ok,10.3,Presence detected, Failure detected
PS4 Status,CBh,ns,10.4,No Reading
"""


def seen(status: str = "", runtime: str | None = None) -> object:
    return power.Seen({"ups.status": status} | ({} if runtime is None else {"battery.runtime": runtime}))


def put(path: Path, script: str) -> None:
    """Make a program that takes the place of the host's own."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("a1", "a2", "b", "needed", "expected"),
    [
        (seen("OL"), seen("OL"), seen("OL"), 1, math.inf),
        (seen("OB LB", "60"), seen("OB", "600"), seen("OL CHRG"), 1, math.inf),
        (seen("OB LB", "60"), seen("OB", "600"), seen("OB", "300"), 1, 600),
        # Both of path A feed the same supply: together they are not two.
        (seen("OL"), seen("OL"), seen("OB", "300"), 2, 300),
        (seen("OL FSD", "60"), seen("OB LB", "30"), seen(), 1, 60),
        # What nobody knows lasts no time at all.
        (seen("OB"), seen("OB", "nan"), seen(), 1, 0),
        (seen("OL"), seen("OL"), seen("OL"), 3, 0),
    ],
)
def test_how_long_enough_supplies_have_power(a1: object, a2: object, b: object, needed: int, expected: float) -> None:
    assert power.lasts_s({A1: a1, A2: a2, B: b}, needed) == expected


def test_supplies_are_read_as_ipmitool_lists_them() -> None:
    found = {
        (name, labels["supply"]): value
        for supply, states in power.supplies(LISTED).items()
        for name, labels, value in power.supply_samples(supply, states)
    }
    of = "karst_power_supply_"
    assert [found[f"{of}observed", f"PS{number} Status"] for number in (1, 2, 3, 4)] == [1, 1, 1, 0]
    assert [found[f"{of}input_lost", f"PS{number} Status"] for number in (1, 2, 3)] == [0, 1, 0]
    assert [found[f"{of}failed", f"PS{number} Status"] for number in (1, 2, 3)] == [0, 0, 1]
    assert (f"{of}present", "PS4 Status") not in found


def test_the_text_is_prometheus_and_knows_no_number_that_nobody_said(tmp_path: Path) -> None:
    what = power.Settings((A1, B), 1, 0.0, 20.0, 15.0, tmp_path)
    content = power.text(power.samples(what, {A1: seen("OL"), B: seen()}, None))
    power.lay(tmp_path, content)
    lines = (tmp_path / "power.prom").read_text().splitlines()
    assert 'karst_power_ups_observed{ups="ups-b",path="B"} 0' in lines
    assert 'karst_power_ups_alarm{ups="ups-b",path="B"} 1' in lines
    assert 'karst_power_ups_alarm{ups="ups-a1",path="A"} 0' in lines
    assert "karst_power_lasts_s +Inf" in lines
    assert [line for line in lines if "ups-b" in line and "observed" not in line and "alarm" not in line] == []
    types = [line for line in lines if line.startswith("# TYPE")]
    assert len(types) == len(set(types))
    assert [path.name for path in tmp_path.iterdir()] == ["power.prom"]


def test_a_host_waits_for_its_turn_unless_the_batteries_end_or_power_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tmp_path / "done"
    put(tmp_path / "systemctl", f"echo $* >> {done}")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    what = power.Settings((A1, B), 1, 3600.0, 20.0, 15.0, tmp_path)
    put(tmp_path / "upsc", "echo ups.status: OB LB; echo battery.runtime: 19")
    assert power.off(what) is True
    assert done.read_text() == "poweroff\n"
    put(tmp_path / "upsc", "case $1 in ups-b@*) echo ups.status: OL;; *) exit 1;; esac")
    assert power.off(what) is False
    assert done.read_text() == "poweroff\n"


def test_settings_are_what_the_role_writes(tmp_path: Path) -> None:
    file = tmp_path / "power.json"
    said = {"supplies_needed": 1, "delay_s": 60, "stop_s": 60, "every_s": 15, "folder": "/var/lib"}
    sources = [{"name": "ups-b", "path": "B", "server": "10.72.0.42", "supplies": 1}]
    file.write_text(json.dumps(said | {"sources": sources}))
    assert power.settings(file) == power.Settings((B,), 1, 60, 60, 15, Path("/var/lib"))
