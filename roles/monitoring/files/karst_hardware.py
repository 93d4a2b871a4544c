#!/usr/bin/python3
"""Writes what the kernel tells of power supplies, fans and links, for node exporter: `karst_hardware CONFIGURATION`.

The configuration is JSON: `sysfs`, where the kernel's files are; `cords`, the server's as planned, a power port, its
PDU and its path each; `to`, the file to write. What is planned names what is read, and is never told as a reading:
what could not be read is `karst_unobserved`, with the reason, and has no other series.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# Power supplies for 200 to 240 V nominal are made for 10 % less and more; `karst verify` has the same limits.
LOWEST_V, HIGHEST_V = 180.0, 264.0
KINDS = {
    "karst_psu_input": ("gauge", "1: the power supply's input is normal, 0: it is lost or out of range."),
    "karst_psu_input_v": ("gauge", "Volts at the power supply's input."),
    "karst_fan_turning": ("gauge", "1: the fan turns."),
    "karst_fan_rpm": ("gauge", "Turns a minute."),
    "karst_link_up": ("gauge", "1: the interface has a link."),
    "karst_link_speed_mbps": ("gauge", "Mbit/s of an interface with a link."),
    "karst_link_errors_total": ("counter", "Frames that came with an error."),
    "karst_unobserved": ("gauge", "1: this part could not be read."),
    "karst_read_time_s": ("gauge", "When all this was read, seconds since 1970."),
}

Reading = tuple[str, Mapping[str, str], float]


def readings(sysfs: Path, cords: list[dict[str, str]]) -> Iterator[Reading]:
    """Yield everything that can be read: name, labels and value of a series each."""
    chips = sorted((path.resolve() for path in sysfs.glob("class/hwmon/hwmon*")), key=lambda path: _natural(str(path)))
    # A driver of PMBus labels the voltage of the mains `vin`: what has that is a power supply.
    supplies = {chip: number for chip in chips if (number := _labelled(chip, "in", "vin"))}
    yield from _supplies(supplies, cords)
    yield from _fans([chip for chip in chips if chip not in supplies])
    yield from _links(sysfs / "class/net")
    yield "karst_read_time_s", {}, time.time()


def _supplies(supplies: Mapping[Path, str], cords: list[dict[str, str]]) -> Iterator[Reading]:
    """Power supplies stand on their bus in the order of the power ports."""
    if len(supplies) != len(cords):
        reason = f"the kernel knows {len(supplies)} power supplies, {len(cords)} are planned"
        yield from (_unobserved(cord["power_port"], reason) for cord in cords)
        return
    for (chip, number), cord in zip(supplies.items(), cords):  # noqa: B905 - lengths are compared above
        milli = _number(chip / f"in{number}_input")
        if milli is None:
            yield _unobserved(cord["power_port"], "its input voltage cannot be read")
            continue
        volts = milli / 1000
        yield "karst_psu_input", cord, float(LOWEST_V <= volts <= HIGHEST_V)
        yield "karst_psu_input_v", cord, volts


def _fans(chips: list[Path]) -> Iterator[Reading]:
    found = False
    for chip in chips:
        for file in sorted(chip.glob("fan*_input"), key=lambda path: _natural(path.name)):
            found = True
            short = file.name.partition("_")[0]
            fan = _text(chip / f"{short}_label") or f"{_text(chip / 'name') or chip.name} {short}"
            rpm = _number(file)
            if rpm is None:
                yield _unobserved(fan, "its speed cannot be read")
                continue
            yield "karst_fan_turning", {"fan": fan}, float(rpm > 0)
            yield "karst_fan_rpm", {"fan": fan}, rpm
    if not found:
        yield _unobserved("fans", "the kernel knows no fan")


def _links(net: Path) -> Iterator[Reading]:
    # What has a device is hardware; bridges, tunnels and loopback have none.
    cards = sorted((path for path in net.glob("*") if (path / "device").exists()), key=lambda path: _natural(path.name))
    for card in cards:
        labels = {"interface": card.name}
        # An interface that was set down does not tell its carrier: it has no link.
        up = _number(card / "carrier") == 1
        yield "karst_link_up", labels, float(up)
        speed = _number(card / "speed")
        if up and speed is not None and speed > 0:
            yield "karst_link_speed_mbps", labels, speed
        errors = _number(card / "statistics/rx_errors")
        if errors is not None:
            yield "karst_link_errors_total", labels, errors
    if not cards:
        yield _unobserved("links", "the kernel knows no network card")


def _unobserved(part: str, reason: str) -> Reading:
    return "karst_unobserved", {"part": part, "reason": reason}, 1.0


def _labelled(chip: Path, kind: str, label: str) -> str:
    """Return the number of the sensor with a label, `1` of `in1_label`; "" if there is none."""
    for file in sorted(chip.glob(f"{kind}*_label")):
        if _text(file) == label:
            return file.name.removeprefix(kind).removesuffix("_label")
    return ""


def _text(path: Path) -> str:
    # A sensor whose device is gone is there and cannot be read.
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None


def _natural(text: str) -> list[tuple[bool, int, str]]:
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", text)]


def as_text(found: Iterator[Reading]) -> str:
    """Return readings in the form of Prometheus' text files, those of a name together."""
    by_name: dict[str, list[str]] = {}
    for name, labels, value in found:
        inner = ",".join(f"{key}={json.dumps(text, ensure_ascii=False)}" for key, text in labels.items())
        by_name.setdefault(name, []).append(f"{name}{{{inner}}} {value:.15g}\n" if inner else f"{name} {value:.15g}\n")
    pieces = []
    for name, lines in by_name.items():
        kind, says = KINDS[name]
        pieces += [f"# HELP {name} {says}\n# TYPE {name} {kind}\n", *lines]
    return "".join(pieces)


def main() -> int:
    """Write the file whole, so that nobody ever reads half of it."""
    configuration: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    to = Path(configuration["to"])
    # Not *.prom, which the exporter would read.
    new = to.with_name(f".{to.name}.new")
    new.write_text(as_text(readings(Path(configuration["sysfs"]), configuration["cords"])), encoding="utf-8")
    new.chmod(0o644)
    os.replace(new, to)  # noqa: PTH105 - the same call, and its name says that it replaces
    return 0


if __name__ == "__main__":
    sys.exit(main())
