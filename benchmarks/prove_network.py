"""Claim of `karst prove`: every single fault of qixing's network, 50,000 hosts, is looked at in less than 10 s.

A fresh process: load, plan, wire, and the outcome of each link, switch, carrier, entrance and power path that is lost.
The floor is what comes before the first fault: to load, plan and wire the same site.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

CLONE = Path(__file__).resolve().parents[1]
GOAL_S = 10.0
PROGRAM = """
import sys
from pathlib import Path
from karst.plan.network.fabric import fabric
from karst.plan.pipeline import plan
from karst.resilience.network import outcomes
from karst.resilience.wiring import wiring
from karst.site.load import load
wired = wiring(fabric(plan(load(Path(sys.argv[1]), Path(sys.argv[2])))))
found = list(outcomes(wired)) if sys.argv[3] == "faults" else []
print(len(found), sum(each.survived for each in found))
"""


def run(site: Path, what: str) -> tuple[float, int, int]:
    """Seconds of a fresh process, faults, and how many of them are survived."""
    began = time.perf_counter()
    words = [sys.executable, "-c", PROGRAM, str(site), str(CLONE / "hardware"), what]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=CLONE)
    took_s = time.perf_counter() - began
    sys.stderr.write(f"prove_network: {what}: {took_s:.1f} s\n")
    faults, survived = map(int, done.stdout.split())
    return took_s, faults, survived


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=CLONE / "sites" / "qixing")
    parser.add_argument("--runs", type=int, default=3, help="of each; the median counts")
    given = parser.parse_args()
    taken: dict[str, list[float]] = {"faults": [], "before": []}
    counted = (0, 0)
    for _ in range(given.runs):
        for what, seconds in taken.items():
            took_s, *found = run(given.site, what)
            seconds.append(took_s)
            counted = (found[0], found[1]) if what == "faults" else counted
    median = {what: round(statistics.median(seconds), 2) for what, seconds in taken.items()}
    document = {
        "benchmark": "prove_network",
        "figures": {"wall_s": median["faults"], "faults": counted[0], "survived": counted[1]},
        "floor": {"wall_s": median["before"], "what": "to load, plan and wire the site"},
        "ratio": round(median["faults"] / median["before"], 2),
        "goal": GOAL_S,
        "met": median["faults"] < GOAL_S,
    }
    print(json.dumps(document))


if __name__ == "__main__":
    main()
