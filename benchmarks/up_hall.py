"""Claims of a qixing hall of 1,000 servers, built by the real engine and provider on a twin over HTTPS:

- with BMCs that take 1 s a call, `up`, `up` again and refresh take at most 1.5 times what one server alone takes;
- with BMCs that answer at once, at most 3 times what a bare asyncio client takes that sends the same requests;
- the stack's state stays below 2 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hall.clone import KINDS, WHOLE_HALL, Clone, create
from hall.replay import replay
from hall.running import COMMANDS, Took, Twin, engine, twin

from karst.provider.config import CONCURRENCY

GOALS = {"slow_bmcs": 1.5, "quick_bmcs": 3.0, "state_bytes": 2_000_000}
DELAY_S = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """By command: what it took, and what its floor took."""

    took: dict[str, Took]
    floor: dict[str, Took]

    def ratios(self) -> dict[str, float]:
        return {name: round(took.wall_s / self.floor[name].wall_s, 2) for name, took in self.took.items()}


def say(text: str) -> None:
    sys.stderr.write(f"up_hall: {text}\n")
    sys.stderr.flush()


def build(clone: Clone, beside: Twin, what: str) -> dict[str, Took]:
    """Every command, in order."""
    made = {}
    for command in COMMANDS:
        made[command] = engine(clone, beside, command)
        say(f"{what}, {command}: {made[command].figures()}")
    return made


def slow(hall: Clone, alone: Clone, delay_s: float) -> Measured:
    """The hall and one server of each kind alone, at `delay_s` a call."""
    took = []
    for clone, what in ((alone, "one server of each kind alone"), (hall, f"{hall.servers} servers")):
        with twin(clone) as beside:
            beside.control.set_faults([{"delay_s": delay_s}])
            took.append(build(clone, beside, f"{what}, {delay_s:g} s a call"))
    floor, ours = took
    return Measured(ours, floor)


def quick(hall: Clone) -> tuple[Measured, dict[str, int]]:
    """The hall, and a bare client that sends the same requests; also how many they were."""
    asked: dict[str, list[dict[str, Any]]] = {}
    took, floor = {}, {}
    signer, endpoints = hall.workspace.authority, hall.endpoints
    with twin(hall) as beside:
        for command in COMMANDS:
            took[command] = engine(hall, beside, command)
            asked[command] = beside.requests()
            say(f"{hall.servers} servers, {command}: {took[command].figures()}, {len(asked[command])} requests")
        for command in ("again", "refresh"):
            floor[command] = bare(asked[command], endpoints, beside, signer, command)
    with twin(hall, "bare") as beside:
        floor["up"] = bare(asked["up"], endpoints, beside, signer, "up")
    return Measured(took, floor), {command: len(each) for command, each in asked.items()}


def bare(requests: list[dict[str, Any]], endpoints: dict[str, str], beside: Twin, signer: Any, command: str) -> Took:
    took, odd = replay(requests, endpoints, beside, signer, CONCURRENCY)
    say(f"the same requests sent bare, {command}: {took.figures()}; {len(odd)} other answers {odd[:3]}")
    return took


def document(slow_bmcs: Measured, quick_bmcs: Measured, requests: dict[str, int], hall: Clone) -> dict[str, Any]:
    ratios = {"slow_bmcs": slow_bmcs.ratios(), "quick_bmcs": quick_bmcs.ratios()}
    size = hall.state_bytes
    met = {name: max(found.values()) <= GOALS[name] for name, found in ratios.items()}
    met["state_bytes"] = size < GOALS["state_bytes"]
    both = {"slow_bmcs": slow_bmcs, "quick_bmcs": quick_bmcs}
    return {
        "benchmark": "up_hall",
        "figures": {
            "servers": hall.servers,
            "bmcs": len(hall.endpoints),
            "requests": requests,
            "state_bytes": size,
            **{name: {key: took.figures() for key, took in each.took.items()} for name, each in both.items()},
        },
        "floor": {name: {key: took.figures() for key, took in each.floor.items()} for name, each in both.items()},
        "ratio": ratios,
        "goal": GOALS,
        "met": all(met.values()),
        "met_each": met,
        "load_average": round(os.getloadavg()[0], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=WHOLE_HALL, help="1000, or a few: at most 20 of each kind")
    parser.add_argument("--delay", type=float, default=DELAY_S, help="seconds that a slow BMC takes for a call")
    given = parser.parse_args()
    if given.servers != WHOLE_HALL and not len(KINDS) <= given.servers <= 20 * len(KINDS):
        parser.error(f"--servers is {WHOLE_HALL}, or {len(KINDS)} to {20 * len(KINDS)}")
    with tempfile.TemporaryDirectory(prefix="karst-bench-") as folder:
        made = {}
        for name, servers in (("alone", len(KINDS)), ("slow", given.servers), ("quick", given.servers)):
            say(f"setting up {servers} servers")
            (Path(folder) / name).mkdir()
            made[name] = create(Path(folder) / name, servers)
        slow_bmcs = slow(made["slow"], made["alone"], given.delay)
        quick_bmcs, requests = quick(made["quick"])
        print(json.dumps(document(slow_bmcs, quick_bmcs, requests, made["quick"])))


if __name__ == "__main__":
    main()
