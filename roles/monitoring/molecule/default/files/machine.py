"""A server as the kernel shows it, made up of files: two power supplies, eight fans, two links. `machine.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

GOOD_MV = 230_000


def build(sysfs: Path) -> None:
    """Make a machine of which everything is well."""
    for number in (1, 2):
        write(sysfs, f"hwmon/hwmon{number}/in1_label", "vin")
        feed(sysfs, number, GOOD_MV)
    for number in range(1, 9):
        write(sysfs, f"hwmon/hwmon3/fan{number}_label", f"Fan{number}")
        write(sysfs, f"hwmon/hwmon3/fan{number}_input", 7200)
    for name in ("eth0", "eth1"):
        write(sysfs, f"net/{name}/device/vendor", "0x15b3")
        write(sysfs, f"net/{name}/carrier", 1)
        write(sysfs, f"net/{name}/speed", 25000)


def feed(sysfs: Path, supply: int, milli_v: int) -> None:
    """Give a power supply, 1 or 2, a voltage."""
    write(sysfs, f"hwmon/hwmon{supply}/in1_input", milli_v)


def write(sysfs: Path, name: str, value: object) -> None:
    """Write what the kernel would tell in a file below `class/`."""
    file = sysfs / "class" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{value}\n", encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
