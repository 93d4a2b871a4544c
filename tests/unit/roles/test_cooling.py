"""What the role `cooling` concludes from readings, and what it does about them to files that stand for /sys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from programs import program

cooling = program("cooling")
WELL, WARM, HOT, CRITICAL = cooling.Level

SAID: dict[str, Any] = {
    "inlet_sensors": ["Inlet Temp"],
    "exhaust_sensors": ["Exhaust Temp"],
    "inlet_limit_c": 33.9,
    "exhaust_max_c": 60,
    "warm_below_k": 3,
    "critical_above_k": 5,
    "chip_hot_below_k": 8,
    "readings": 3,
    "throttle_ratio": 0.6,
    "every_s": 10,
}
# `ipmitool -c sdr type Temperature`.
LISTED = """\
Inlet Temp,04h,ok,7.1,24 degrees C
Exhaust Temp,01h,ok,7.1,37.5 degrees C
Temp,0Eh,ok,3.1,Disabled
GPU Temp,0Fh,ns,11.1,No Reading
"""


@pytest.fixture
def what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    file = tmp_path / "cooling.json"
    (tmp_path / "sys").mkdir()
    file.write_text(json.dumps(SAID | {"sys": str(tmp_path / "sys"), "folder": str(tmp_path)}))
    monkeypatch.setattr(cooling, "KEPT", tmp_path / "run" / "kept.json")
    return cooling.settings(file)


def readings(inlet_c: float | None = 24, exhaust_c: float | None = 40, chip_c: float = 50) -> Any:
    return cooling.Readings(inlet_c, exhaust_c, (cooling.Reading("Core 0", chip_c, 100.0, "hwmon1/temp2"),))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (readings(), []),
        (readings(inlet_c=30.9), []),
        (readings(inlet_c=31), [WARM]),
        (readings(inlet_c=33.9), [WARM]),
        (readings(inlet_c=34), [HOT]),
        (readings(inlet_c=39), [CRITICAL]),
        (readings(exhaust_c=61), [HOT]),
        (readings(chip_c=89), [WARM]),
        (readings(chip_c=92), [HOT]),
        (readings(chip_c=100), [CRITICAL]),
        (readings(inlet_c=32, chip_c=95), [WARM, HOT]),
        (readings(inlet_c=None, exhaust_c=None), []),
    ],
)
def test_how_hot_it_is(found: Any, expected: list[int], what: Any) -> None:
    assert list(cooling.judge(found, what).values()) == expected


def test_a_bmcs_list_is_read_and_what_has_no_reading_is_none() -> None:
    found = {each.sensor: each.celsius for each in cooling.listed(LISTED)}
    assert found == {"Inlet Temp": 24, "Exhaust Temp": 37.5}


def test_it_shuts_down_only_after_readings_in_a_row(what: Any) -> None:
    watch = cooling.Watch(what)
    critical, hot, mute = readings(inlet_c=45), readings(inlet_c=35), readings(inlet_c=None)
    assert [watch.step(each) for each in (critical, critical, hot, critical, critical)] == [False] * 5
    assert watch.step(critical) is True
    # A sensor that falls silent is no proof of damage to come.
    assert [cooling.Watch(what).step(mute) for _ in range(4)] == [False] * 4


def test_what_was_throttled_twice_comes_back_as_it_was_at_first(what: Any) -> None:
    policy = what.sys / "devices/system/cpu/cpufreq/policy0"
    policy.mkdir(parents=True)
    for name, value in (("cpuinfo_max_freq", 1_000_000), ("cpuinfo_min_freq", 800_000), ("scaling_max_freq", 950_000)):
        (policy / name).write_text(f"{value}\n")
    cooling.Watch(what).step(readings(inlet_c=35))
    # No lower than the processor's lowest clock.
    assert (policy / "scaling_max_freq").read_text() == "800000"
    watch = cooling.Watch(what)
    watch.step(readings(inlet_c=36))
    assert not any(
        watch.step(each) for each in (readings(), readings(), readings(inlet_c=None), readings(), readings())
    )
    assert (policy / "scaling_max_freq").read_text() == "800000"
    watch.step(readings())
    assert (policy / "scaling_max_freq").read_text() == "950000"


def test_metrics_are_prometheus_and_chips_of_one_name_are_two(what: Any) -> None:
    twice = tuple(cooling.Reading("Core 0", 50.0, 100.0, f"hwmon{chip}/temp2") for chip in (1, 2))
    cooling.Watch(what).step(cooling.Readings(None, 40.0, twice))
    lines = (what.folder / "cooling.prom").read_text().splitlines()
    series = [line.rsplit(" ", 1)[0] for line in lines if not line.startswith("#")]
    assert len(series) == len(set(series))
    assert "karst_cooling_observed 0" in lines
    assert "karst_exhaust_c 40" in lines
    assert not [line for line in lines if line.startswith("karst_inlet_c")]
