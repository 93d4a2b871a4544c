"""Claim: to load, plan and check qixing, 50,000 servers, takes less than 5 s in a fresh process.

The floor is what any reader of the same files must do: read them and parse their YAML with libyaml.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
GOAL_S = 5.0


@dataclass(frozen=True, slots=True)
class Run:
    """A fresh process from its start to its end: what a clock beside it saw, what it used of a processor."""

    wall_s: float
    cpu_s: float
    steps: dict[str, dict[str, float]]


class Steps:
    """Wall and processor time of steps, one after the other."""

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, float]] = {}
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def end(self, name: str) -> None:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        self.taken[name] = {"wall_s": round(wall_s - self._wall_s, 3), "cpu_s": round(cpu_s - self._cpu_s, 3)}
        self._wall_s, self._cpu_s = wall_s, cpu_s


def plan_and_check(site: Path, hardware: Path, in_full: bool) -> dict[str, dict[str, float]]:
    steps = Steps()
    from datetime import date

    from karst.plan.check import check
    from karst.plan.pipeline import plan
    from karst.plan.rack import rack
    from karst.site.load import load

    steps.end("import")
    loaded = load(site, hardware)
    steps.end("load")
    planned = plan(loaded)
    steps.end("plan")
    check(planned, date.today())
    steps.end("check")
    if in_full:
        for name in planned.racks:
            rack(planned, name)
        steps.end("every_rack_in_full")
    return steps.taken


def floor(site: Path, hardware: Path) -> dict[str, dict[str, float]]:
    steps = Steps()
    import yaml

    for file in [*site.glob("*.yml"), *hardware.rglob("*.yml")]:
        yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    (site / "assets.csv").read_bytes()
    steps.end("read_and_parse")
    return steps.taken


CHILDREN: dict[str, Callable[[Path, Path], dict[str, dict[str, float]]]] = {
    "plan_and_check": lambda site, hardware: plan_and_check(site, hardware, in_full=False),
    "in_full": lambda site, hardware: plan_and_check(site, hardware, in_full=True),
    "floor": floor,
}


def run(child: str, site: Path) -> Run:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, __file__, "--child", child, "--site", str(site)]
    made = subprocess.run(command, cwd=CLONE, check=True, capture_output=True, text=True)
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(wall_s, cpu_s, json.loads(made.stdout))


def median(runs: list[Run]) -> dict[str, float]:
    return {
        "wall_s": round(statistics.median(each.wall_s for each in runs), 2),
        "cpu_s": round(statistics.median(each.cpu_s for each in runs), 2),
    }


def measure(site: Path, times: int) -> dict[str, object]:
    runs: dict[str, list[Run]] = {child: [] for child in CHILDREN}
    for number in range(times):
        for child, found in runs.items():
            sys.stderr.write(f"plan_{site.name}: run {number + 1} of {times}, {child}\n")
            found.append(run(child, site))
    ours, least = median(runs["plan_and_check"]), median(runs["floor"])
    middle = sorted(runs["in_full"], key=lambda each: each.cpu_s)[times // 2]
    return {
        "benchmark": f"plan_{site.name}",
        "figures": {**ours, "every_rack_in_full": median(runs["in_full"]), "steps": middle.steps, "runs": times},
        "floor": {**least, "what": "a Python that reads the same files and parses them with libyaml"},
        "ratio": round(ours["cpu_s"] / least["cpu_s"], 2),  # of processor time: wall time is the machine's mood, too
        "goal": {"wall_s": GOAL_S},
        "met": ours["wall_s"] < GOAL_S,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=CLONE / "sites" / "qixing", help="folder of the site")
    parser.add_argument("--runs", type=int, default=5, help="of which the median counts")
    parser.add_argument("--child", choices=CHILDREN, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(CHILDREN[given.child](given.site, CLONE / "hardware")))
        return
    print(json.dumps(measure(given.site, given.runs)))


if __name__ == "__main__":
    main()
