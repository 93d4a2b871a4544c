"""How a host's power is: its UPSes by Network UPS Tools, its power supplies by its own BMC. Of Karst's role `power`.

`watch` keeps metrics for the node exporter; `off` shuts the host down in its turn; `check` fails if a UPS is not seen.
"""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SETTINGS = Path("/etc/karst/power.json")
BMC = Path("/dev/ipmi0")
METRICS = "power.prom"
# A NUT server or a BMC that takes longer tells nothing that still holds.
ANSWER_S = 5.0
LOOK_AGAIN_S = 1.0

# What NUT calls a number, what it is here, and by how much it is multiplied.
NUMBERS = {
    "battery.charge": ("battery_charge_ratio", 0.01),
    "battery.runtime": ("battery_runtime_s", 1.0),
    "ups.load": ("load_ratio", 0.01),
    "input.voltage": ("input_v", 1.0),
    "output.voltage": ("output_v", 1.0),
}
# IPMI 2.0, table 42-3, sensor type 08h, in ipmitool's words.
PRESENT = "presence detected"
FAILED = ("failure detected", "predictive failure", "config error")
INPUT_LOST = ("ac lost", "ac out-of-range")

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]


@dataclass(frozen=True)
class Source:
    """A UPS above this host."""

    name: str
    path: str
    server: str  # address of the NUT server that tells of it
    supplies: int  # power supplies of this host on its path


@dataclass(frozen=True)
class Settings:
    """What `power.json` says."""

    sources: tuple[Source, ...]
    supplies_needed: int
    delay_s: float  # how long others go first
    stop_s: float  # how long this host takes to stop
    every_s: float
    folder: Path  # of the node exporter's text files


@dataclass(frozen=True)
class Seen:
    """What NUT tells of a UPS; nothing, if it does not answer or has no news of it."""

    values: Mapping[str, str]

    @property
    def status(self) -> frozenset[str]:
        """NUT's words: OL on line, OB on battery, LB battery low, RB replace it, FSD to be shut down."""
        return frozenset(self.values.get("ups.status", "").split())

    @property
    def observed(self) -> bool:
        """Whether anybody knows how it is."""
        return bool(self.status)

    @property
    def on_line(self) -> bool:
        """Whether it is known to be fed, and not given up."""
        return "OL" in self.status and not self.status & {"OB", "LB", "FSD"}

    @property
    def lasts_s(self) -> float:
        """Seconds that it surely still gives power: without end on line, none if nobody knows."""
        if self.on_line:
            return math.inf
        return max(0.0, number(self.values.get("battery.runtime")) or 0.0)


def number(text: str | None) -> float | None:
    """Return a finite number, or nothing."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def settings(path: Path = SETTINGS) -> Settings:
    """Read the settings. Raises OSError, KeyError, ValueError."""
    said = json.loads(path.read_text(encoding="utf-8"))
    sources = tuple(Source(**each) for each in said.pop("sources"))
    return Settings(sources=sources, folder=Path(said.pop("folder")), **said)


def run(*command: str) -> str | None:
    """Return what a command prints, or nothing if it fails, is not there or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return None if done.returncode else done.stdout


def look(source: Source) -> Seen:
    """Ask the NUT server. A UPS that it has lost itself (`Data stale`) is not seen."""
    rows = (line.partition(": ") for line in (run("upsc", f"{source.name}@{source.server}") or "").splitlines())
    return Seen({name: value for name, _, value in rows})


def lasts_s(seen: Mapping[Source, Seen], needed: int) -> float:
    """Return for how many seconds at least `needed` supplies have power. Two UPSes of a path feed the same supplies."""
    paths: dict[str, tuple[float, int]] = {}
    for source, state in seen.items():
        before_s, _ = paths.get(source.path, (0.0, 0))
        paths[source.path] = max(before_s, state.lasts_s), source.supplies
    fed = 0
    for path_s, of_path in sorted(paths.values(), reverse=True):
        fed += of_path
        if fed >= needed:
            return path_s
    return 0.0


def supplies(listed: str) -> dict[str, frozenset[str] | None]:
    """Return what `ipmitool -c sdr type "Power Supply"` says of each: its states, nothing if it has no reading."""
    found: dict[str, frozenset[str] | None] = {}
    for row in csv.reader(listed.splitlines()):
        if len(row) < 3 or row[2].strip() == "ns":
            found.update({row[0].strip(): None} if len(row) >= 3 else {})
            continue
        states = frozenset(word.strip().lower() for word in row[4:] if word.strip())
        found[row[0].strip()] = states or None
    return found


def ups_samples(source: Source, seen: Seen) -> Iterator[Sample]:
    """Yield the metrics of a UPS. What is not known has none, so that no old or assumed value passes for a good one."""
    labels = {"ups": source.name, "path": source.path}
    yield "karst_power_ups_observed", labels, seen.observed
    yield "karst_power_ups_alarm", labels, not seen.on_line or "RB" in seen.status
    if not seen.observed:
        return
    yield "karst_power_ups_on_battery", labels, "OB" in seen.status
    yield "karst_power_ups_battery_low", labels, "LB" in seen.status
    yield "karst_power_ups_replace_battery", labels, "RB" in seen.status
    yield "karst_power_ups_forced_shutdown", labels, "FSD" in seen.status
    for name, (metric, factor) in NUMBERS.items():
        value = number(seen.values.get(name))
        if value is not None:
            yield f"karst_power_ups_{metric}", labels, value * factor


def supply_samples(name: str, states: frozenset[str] | None) -> Iterator[Sample]:
    """Yield the metrics of a power supply."""
    labels = {"supply": name}
    yield "karst_power_supply_observed", labels, states is not None
    if states is None:
        return
    yield "karst_power_supply_present", labels, PRESENT in states
    yield "karst_power_supply_failed", labels, any(word in state for word in FAILED for state in states)
    yield "karst_power_supply_input_lost", labels, any(word in state for word in INPUT_LOST for state in states)


def samples(what: Settings, seen: Mapping[Source, Seen], listed: str | None) -> Iterator[Sample]:
    """Yield all metrics; `listed` is what the BMC says of power supplies, None if it was not asked or is mute."""
    for source, state in seen.items():
        yield from ups_samples(source, state)
    fed = {source.path: source.supplies for source, state in seen.items() if state.on_line}
    yield "karst_power_supplies_on_line", {}, sum(fed.values())
    yield "karst_power_supplies_needed", {}, what.supplies_needed
    yield "karst_power_lasts_s", {}, lasts_s(seen, what.supplies_needed)
    yield "karst_power_bmc_observed", {}, listed is not None
    for name, states in supplies(listed or "").items():
        yield from supply_samples(name, states)


def text(all_samples: Iterable[Sample]) -> str:
    """Return samples in the text format of Prometheus, those of a metric together."""
    families: dict[str, list[str]] = {}
    for name, labels, value in all_samples:
        said = ",".join(f"{key}={json.dumps(each, ensure_ascii=False)}" for key, each in labels.items())
        figure = "+Inf" if value == math.inf else f"{float(value):g}"
        families.setdefault(name, []).append(f"{name}{{{said}}} {figure}" if said else f"{name} {figure}")
    return "".join(
        f"# TYPE {name} gauge\n" + "".join(f"{line}\n" for line in lines) for name, lines in families.items()
    )


def lay(folder: Path, content: str) -> None:
    """Put the metrics in place whole: the exporter never reads half a file. Raises OSError."""
    fresh = folder / f".{METRICS}.new"
    fresh.write_text(content, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(folder / METRICS)


def say(sentence: str, priority: int = 4) -> None:
    """Write into the journal; 2 is critical, 4 a warning, 5 a notice."""
    sys.stderr.write(f"<{priority}>{sentence}\n")
    sys.stderr.flush()


def watch(what: Settings) -> None:
    """Write metrics for ever, and an alarm into the journal when a UPS is not as it should be any more."""
    known: dict[Source, frozenset[str]] = {}
    while True:
        seen = {source: look(source) for source in what.sources}
        for source, state in seen.items():
            if state.status != known.get(source, frozenset({"OL"})):
                words = " ".join(sorted(state.status)) or "not observed"
                say(f"UPS {source.name} of path {source.path} is {words}", 5 if state.on_line else 2)
            known[source] = state.status
        listed = run("ipmitool", "-c", "sdr", "type", "Power Supply") if BMC.exists() else None
        lay(what.folder, text(samples(what, seen, listed)))
        time.sleep(what.every_s)


def off(what: Settings) -> bool:
    """Shut down when others had their time to do so, or sooner if the batteries do not last. False: power is back."""
    begun = time.monotonic()
    say(f"too few supplies keep their power: this host goes in {what.delay_s:g} s, sooner if the batteries end", 2)
    while (left_s := begun + what.delay_s - time.monotonic()) > 0:
        lasts = lasts_s({source: look(source) for source in what.sources}, what.supplies_needed)
        if lasts == math.inf:
            say("power is back: this host stays up", 5)
            return False
        if lasts <= what.stop_s:
            say(f"the batteries are known to last {lasts:g} s, this host takes {what.stop_s:g} s: it goes now", 2)
            break
        time.sleep(min(left_s, LOOK_AGAIN_S))
    subprocess.run(["systemctl", "poweroff"], check=True)  # noqa: S607
    return True


def check(what: Settings, wait_s: float) -> list[str]:
    """Return a sentence for each UPS that is not seen within `wait_s` seconds."""
    until = time.monotonic() + wait_s
    while True:
        unseen = [source for source in what.sources if not look(source).observed]
        if not unseen or time.monotonic() >= until:
            return [f"the NUT server {source.server} tells nothing of UPS {source.name}" for source in unseen]
        time.sleep(LOOK_AGAIN_S)


def main(arguments: list[str]) -> int:
    """Exit code 0 if all is well, 1 if a UPS is not seen, 2 for wrong use."""
    match arguments:
        case ["watch"]:
            watch(settings())
        case ["off"]:
            off(settings())
        case ["check", wait_s]:
            unseen = check(settings(), float(wait_s))
            sys.stderr.write("".join(f"{sentence}\n" for sentence in unseen))
            return int(bool(unseen))
        case _:
            sys.stderr.write("usage: karst_power.py watch | off | check SECONDS\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
