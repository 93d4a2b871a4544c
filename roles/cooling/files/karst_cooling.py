"""Keeps this host from damage by heat: alarms, then throttles, then shuts down in order. Of Karst's role `cooling`.

Heat is that of the air at the inlet and the exhaust, by the hardware spec, and of each chip, by its own word for what
it stands. What cannot be read is an alarm; it is never taken for cool, and ends no throttling.
"""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SETTINGS = Path("/etc/karst/cooling.json")
# What files of /sys held before they were changed. In memory: a host that starts anew has them as they were.
KEPT = Path("/run/karst/cooling-kept.json")
BMC = Path("/dev/ipmi0")
METRICS = "cooling.prom"
ANSWER_S = 5.0
DEGREES = re.compile(r"(-?\d+(?:\.\d+)?) degrees C")

Sample = tuple[str, Mapping[str, str], float]


class Level(IntEnum):
    """How hot it is."""

    WELL = 0
    WARM = 1  # nearer to a limit than it should come
    HOT = 2  # above a limit
    CRITICAL = 3  # what follows is damage


@dataclass(frozen=True)
class Settings:
    """What `cooling.json` says."""

    inlet_sensors: tuple[str, ...]  # labels, without regard to case
    exhaust_sensors: tuple[str, ...]
    inlet_limit_c: float
    exhaust_max_c: float | None
    warm_below_k: float  # so much below a limit is warm
    critical_above_k: float  # so much above a limit of the air is critical
    chip_hot_below_k: float  # so much below what a chip says that it stands is hot
    readings: int  # so many in a row before it throttles no more, or shuts down
    throttle_ratio: float  # of a processor's highest clock and power
    every_s: float
    sys: Path
    folder: Path  # of the node exporter's text files


@dataclass(frozen=True)
class Reading:
    """A temperature. `critical_c` is a chip's own word for what it stands, as far as it has one."""

    sensor: str
    celsius: float
    critical_c: float | None = None
    place: str = ""  # which file of which chip, as several may have the same name


@dataclass(frozen=True)
class Readings:
    """What was read; None for air that nothing tells of."""

    inlet_c: float | None
    exhaust_c: float | None
    chips: tuple[Reading, ...]


def settings(path: Path = SETTINGS) -> Settings:
    """Read the settings. Raises OSError, ValueError, TypeError."""
    said = json.loads(path.read_text(encoding="utf-8"))
    for name in ("inlet_sensors", "exhaust_sensors"):
        said[name] = tuple(label.lower() for label in said[name])
    return Settings(**{**said, "sys": Path(said["sys"]), "folder": Path(said["folder"])})


def line(file: Path) -> str:
    """Return what a file of /sys says, or nothing if it cannot be read: a sensor may answer with an error."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def number(text: str) -> float | None:
    """Return a finite number, or nothing."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def degrees(file: Path) -> float | None:
    """Return °C from a file that says thousandths."""
    found = number(line(file))
    return None if found is None else found / 1000


def kernel(sys_folder: Path) -> Iterator[Reading]:
    """Yield what hwmon tells."""
    for file in sorted(sys_folder.glob("class/hwmon/hwmon*/temp*_input")):
        celsius = degrees(file)
        if celsius is not None:
            stem = file.name.removesuffix("_input")
            label = line(file.with_name(f"{stem}_label")) or f"{line(file.with_name('name'))} {stem}"
            yield Reading(label, celsius, degrees(file.with_name(f"{stem}_crit")), f"{file.parent.name}/{stem}")


def listed(text: str) -> Iterator[Reading]:
    """Yield what `ipmitool -c sdr type Temperature` lists: name, number, state, entity, reading."""
    for row in csv.reader(text.splitlines()):
        found = DEGREES.fullmatch(row[-1].strip()) if row else None
        if found and row[2].strip() != "ns":
            yield Reading(row[0].strip(), float(found[1]))


def bmc() -> str:
    """Return what this host's own BMC says of temperatures, nothing if there is none or it is mute."""
    if not BMC.exists():
        return ""
    command = ["ipmitool", "-c", "sdr", "type", "Temperature"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return "" if done.returncode else done.stdout


def read(what: Settings) -> Readings:
    """Read all sensors; of two at the inlet the warmer counts."""
    found = [*kernel(what.sys), *listed(bmc())]
    air = {
        name: max((each.celsius for each in found if each.sensor.lower() in labels), default=None)
        for name, labels in (("inlet", what.inlet_sensors), ("exhaust", what.exhaust_sensors))
    }
    return Readings(air["inlet"], air["exhaust"], tuple(each for each in found if each.critical_c is not None))


def of_air(celsius: float | None, limit_c: float | None, what: Settings) -> Level:
    """Return how hot air is. A limit of None is none."""
    if celsius is None or limit_c is None:
        return Level.WELL
    steps = (limit_c - what.warm_below_k, limit_c, limit_c + what.critical_above_k)
    return Level(sum(celsius > step for step in steps))


def of_chip(chip: Reading, what: Settings) -> Level:
    """Return how hot a chip is: at its own limit it is critical, as beyond that it would switch itself off."""
    limit_c = chip.critical_c if chip.critical_c is not None else math.inf
    hot_c = limit_c - what.chip_hot_below_k
    return Level(sum(chip.celsius >= step for step in (hot_c - what.warm_below_k, hot_c, limit_c)))


def judge(found: Readings, what: Settings) -> dict[str, Level]:
    """Return by sensor what is not well."""
    levels = {
        f"inlet {found.inlet_c} °C": of_air(found.inlet_c, what.inlet_limit_c, what),
        f"exhaust {found.exhaust_c} °C": of_air(found.exhaust_c, what.exhaust_max_c, what),
        **{f"{chip.sensor} ({chip.place}) {chip.celsius} °C": of_chip(chip, what) for chip in found.chips},
    }
    return {sensor: level for sensor, level in levels.items() if level}


def throttled(what: Settings) -> Iterator[tuple[Path, str]]:
    """Yield files of /sys and what they shall say while it is hot: processors slower, fans at full speed."""
    for policy in sorted(what.sys.glob("devices/system/cpu/cpufreq/policy*")):
        highest, lowest = number(line(policy / "cpuinfo_max_freq")), number(line(policy / "cpuinfo_min_freq"))
        if highest is not None:
            yield policy / "scaling_max_freq", f"{max(highest * what.throttle_ratio, lowest or 0):.0f}"
    for zone in sorted(what.sys.glob("class/powercap/intel-rapl:*")):
        most = number(line(zone / "constraint_0_max_power_uw"))
        if most:
            yield zone / "constraint_0_power_limit_uw", f"{most * what.throttle_ratio:.0f}"
    # 0 is "no control", which is full speed: Documentation/hwmon/sysfs-interface.
    yield from ((file, "0") for file in sorted(what.sys.glob("class/hwmon/hwmon*/pwm[0-9]_enable")))


def throttle(what: Settings) -> None:
    """Slow down, and keep what was, so that it comes back."""
    kept: dict[str, str] = json.loads(line(KEPT) or "{}")
    wanted = dict(throttled(what))
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps({str(file): line(file) for file in wanted} | kept), encoding="utf-8")
    put(wanted)
    say(f"throttled: {len(wanted)} settings of processors and fans" if wanted else "there is nothing to throttle", 2)


def release() -> None:
    """Give back what was."""
    put({Path(file): value for file, value in json.loads(line(KEPT) or "{}").items()})
    KEPT.unlink(missing_ok=True)
    say("cool again: throttled no more", 5)


def put(wanted: Mapping[Path, str]) -> None:
    """Write files of /sys. One that refuses does not keep the others from it."""
    for file, value in wanted.items():
        try:
            file.write_text(value, encoding="utf-8")
        except OSError as refused:
            say(f"{file} does not take {value}: {refused}", 3)


def samples(what: Settings, found: Readings, level: Level) -> Iterator[Sample]:
    """Yield the metrics. Air that nothing tells of has none."""
    yield "karst_cooling_observed", {}, found.inlet_c is not None
    yield "karst_cooling_level", {}, level
    yield "karst_cooling_throttled_settings", {}, len(json.loads(line(KEPT) or "{}"))
    yield "karst_cooling_inlet_limit_c", {}, what.inlet_limit_c
    for name, celsius in (("karst_inlet_c", found.inlet_c), ("karst_exhaust_c", found.exhaust_c)):
        if celsius is not None:
            yield name, {}, celsius
    for chip in found.chips:
        yield "karst_cooling_chip_c", {"sensor": chip.sensor, "place": chip.place}, chip.celsius


def text(all_samples: Iterable[Sample]) -> str:
    """Return samples in the text format of Prometheus, those of a metric together."""
    families: dict[str, list[str]] = {}
    for name, labels, value in all_samples:
        said = ",".join(f"{key}={json.dumps(each, ensure_ascii=False)}" for key, each in labels.items())
        families.setdefault(name, []).append(f"{name}{{{said}}} {float(value):g}" if said else f"{name} {value:g}")
    return "".join(f"# TYPE {name} gauge\n" + "".join(f"{row}\n" for row in rows) for name, rows in families.items())


def lay(folder: Path, content: str) -> None:
    """Put the metrics in place whole: the exporter never reads half a file. Raises OSError."""
    fresh = folder / f".{METRICS}.new"
    fresh.write_text(content, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(folder / METRICS)


def say(sentence: str, priority: int) -> None:
    """Write into the journal; 2 is critical, 3 an error, 4 a warning, 5 a notice."""
    sys.stderr.write(f"<{priority}>{sentence}\n")
    sys.stderr.flush()


class Watch:
    """What the last readings have led to."""

    def __init__(self, what: Settings) -> None:
        self._what = what
        self._known: tuple[Level, bool] = (Level.WELL, True)
        self._critical = self._cool = 0  # readings in a row
        # One that was killed while it throttled does so again; what was before is kept.
        self._throttling = False

    def step(self, found: Readings) -> bool:
        """Act on readings. Returns whether the host must go."""
        bad = judge(found, self._what)
        level, observed = max(bad.values(), default=Level.WELL), found.inlet_c is not None
        if (level, observed) != self._known:
            if not observed:
                say("the air at the inlet is not observed", 2)
            if bad or observed:
                said = ", ".join(f"{sensor} is {each.name.lower()}" for sensor, each in bad.items())
                say(said or "no limit is near", 2 if level >= Level.HOT else 4 if level else 5)
            self._known = level, observed
        self._critical = self._critical + 1 if level is Level.CRITICAL else 0
        self._cool = self._cool + 1 if observed and level is Level.WELL else 0
        if level >= Level.HOT and not self._throttling:
            throttle(self._what)
            self._throttling = True
        elif KEPT.exists() and self._cool >= self._what.readings:
            release()
            self._throttling = False
        lay(self._what.folder, text(samples(self._what, found, level)))
        return self._critical >= self._what.readings


def main() -> None:
    """Watch until it is too hot to run on."""
    what = settings()
    watch = Watch(what)
    while not watch.step(read(what)):
        time.sleep(what.every_s)
    say("too hot to run on: this host shuts down", 2)
    subprocess.run(["systemctl", "poweroff"], check=True)  # noqa: S607


if __name__ == "__main__":
    main()
