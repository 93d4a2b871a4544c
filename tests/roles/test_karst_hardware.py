"""Role monitoring's script, on folders like those in which the kernel tells of hardware."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "roles" / "monitoring" / "files" / "karst_hardware.py"
CORDS = [
    {"power_port": "PSU1", "pdu": "h1-r1-01-pdu-a", "path": "A"},
    {"power_port": "PSU2", "pdu": "h1-r1-01-pdu-b", "path": "B"},
]

spec = importlib.util.spec_from_file_location("karst_hardware", SCRIPT)
assert spec is not None
assert spec.loader is not None
karst_hardware = importlib.util.module_from_spec(spec)
spec.loader.exec_module(karst_hardware)


def machine(sysfs: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = sysfs / "class" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return sysfs


def supply(number: int, milli_v: str) -> dict[str, str]:
    """A power supply as the kernel's PMBus drivers show it: its own fan, the mains, what it gives."""
    chip = f"hwmon/hwmon{number}"
    return {
        f"{chip}/name": "pmbus",
        f"{chip}/in1_label": "vin",
        f"{chip}/in1_input": milli_v,
        f"{chip}/in2_label": "vout1",
        f"{chip}/in2_input": "12000",
        f"{chip}/fan1_input": "9000",
    }


BOARD = {"hwmon/hwmon9/name": "board", "hwmon/hwmon9/fan1_label": "Fan1", "hwmon/hwmon9/fan1_input": "7200"}
CARD = {
    "net/eth0/device/vendor": "0x15b3",
    "net/eth0/carrier": "1",
    "net/eth0/speed": "25000",
    "net/eth0/statistics/rx_errors": "3",
    "net/lo/carrier": "1",
}


def found(sysfs: Path, cords: list[dict[str, str]] = CORDS) -> list[str]:
    """Return the lines but for comments and the time."""
    lines = karst_hardware.as_text(karst_hardware.readings(sysfs, cords)).splitlines()
    return [line for line in lines if not line.startswith(("#", "karst_read_time_s"))]


def test_all_of_a_whole_machine_is_told(tmp_path: Path) -> None:
    sysfs = machine(tmp_path, supply(10, "231000") | supply(2, "229500") | BOARD | CARD)
    assert found(sysfs) == [
        'karst_psu_input{power_port="PSU1",pdu="h1-r1-01-pdu-a",path="A"} 1',
        'karst_psu_input{power_port="PSU2",pdu="h1-r1-01-pdu-b",path="B"} 1',
        'karst_psu_input_v{power_port="PSU1",pdu="h1-r1-01-pdu-a",path="A"} 229.5',
        'karst_psu_input_v{power_port="PSU2",pdu="h1-r1-01-pdu-b",path="B"} 231',
        'karst_fan_turning{fan="Fan1"} 1',
        'karst_fan_rpm{fan="Fan1"} 7200',
        'karst_link_up{interface="eth0"} 1',
        'karst_link_speed_mbps{interface="eth0"} 25000',
        'karst_link_errors_total{interface="eth0"} 3',
    ]


@pytest.mark.parametrize(("milli_v", "state"), [("0", 0), ("179000", 0), ("180000", 1), ("264000", 1), ("265000", 0)])
def test_a_lost_or_wrong_input_is_one_that_is_lost(milli_v: str, state: int, tmp_path: Path) -> None:
    sysfs = machine(tmp_path, supply(1, milli_v) | supply(2, "230000"))
    assert f'karst_psu_input{{power_port="PSU1",pdu="h1-r1-01-pdu-a",path="A"}} {state}' in found(sysfs)


def test_what_cannot_be_read_is_unobserved_and_has_no_reading(tmp_path: Path) -> None:
    broken = {"hwmon/hwmon9/name": "board", "hwmon/hwmon9/fan1_input": "", "hwmon/hwmon9/fan2_input": "0"}
    sysfs = machine(tmp_path, supply(1, "") | supply(2, "230000") | broken)
    told = found(sysfs)
    unobserved = [json.loads(line.partition("part=")[2].partition(",")[0]) for line in told if "unobserved" in line]
    assert unobserved == ["PSU1", "board fan1", "links"]
    assert not [line for line in told if 'power_port="PSU1"' in line]
    assert 'karst_fan_turning{fan="board fan2"} 0' in told


def test_which_supply_is_which_is_not_guessed(tmp_path: Path) -> None:
    told = found(machine(tmp_path, supply(1, "230000")))
    reason = "the kernel knows 1 power supplies, 2 are planned"
    assert [line for line in told if "PSU" in line] == [
        f'karst_unobserved{{part="{cord["power_port"]}",reason="{reason}"}} 1' for cord in CORDS
    ]


def test_a_machine_without_anything_tells_that(tmp_path: Path) -> None:
    assert [line.partition("{")[0] for line in found(tmp_path)] == ["karst_unobserved"] * 4


def test_an_interface_without_link_has_no_speed(tmp_path: Path) -> None:
    down = CARD | {"net/eth0/carrier": "0", "net/eth0/speed": "-1"}
    told = [line for line in found(machine(tmp_path, down), []) if "link" in line]
    assert told[:2] == ['karst_link_up{interface="eth0"} 0', 'karst_link_errors_total{interface="eth0"} 3']


def test_the_file_is_replaced_whole_and_read_by_others(tmp_path: Path) -> None:
    to, configuration = tmp_path / "hardware.prom", tmp_path / "hardware.json"
    to.write_text("old")
    configuration.write_text(json.dumps({"sysfs": str(tmp_path), "cords": CORDS, "to": str(to)}))
    before = to.stat().st_ino
    subprocess.run([sys.executable, SCRIPT, configuration], check=True)
    assert "karst_read_time_s " in to.read_text()
    assert (to.stat().st_ino != before, to.stat().st_mode & 0o777) == (True, 0o644)
    assert [path.name for path in tmp_path.glob("*.prom*")] + [path.name for path in tmp_path.glob(".*")] == [to.name]
