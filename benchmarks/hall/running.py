"""What runs beside the benchmark: the hall's twin and the engine, each with the processor time that it took."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil

from hall.clone import HALL, Clone
from karst.twin.client import Control
from karst.twin.home import Home, TwinError

_START_PATIENCE_S = 120.0
_POLL_S = 0.05
# Power comes at once: what is measured is Karst, not how long a server takes to start.
_TIMING = "power_on_s=0,shutdown_s=0,cycle_s=0,task_s=0,bmc_start_s=0"

COMMANDS = {
    "up": ("up", "--yes", "--skip-preview"),
    "again": ("up", "--yes", "--skip-preview"),
    "refresh": ("refresh", "--yes", "--skip-preview"),
}


@dataclass(frozen=True, slots=True)
class Took:
    """Wall time, and the processor time of who worked in it."""

    wall_s: float
    ours_cpu_s: float  # the engine with the program and the provider, or the bare client
    twin_cpu_s: float

    def figures(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 2) for name in ("wall_s", "ours_cpu_s", "twin_cpu_s")}


@dataclass(frozen=True, slots=True)
class Twin:
    """The twin of a clone's hall, as a process."""

    process: subprocess.Popen[bytes]
    control: Control
    recorded: Path

    @property
    def cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of the BMCs since this was last called, in the order of the answers."""
        self.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + _START_PATIENCE_S
        while not self.recorded.exists():
            if time.monotonic() > deadline:
                raise TwinError("the twin writes no requests")
            time.sleep(_POLL_S)
        lines = self.recorded.read_bytes().splitlines()
        self.recorded.unlink()
        return [orjson.loads(line) for line in lines]


@contextmanager
def twin(clone: Clone, name: str = "twin", load_s: float = 0.0) -> Iterator[Twin]:
    """Run a twin in the folder `name` of the clone's workspace: fresh from the factory, or as it was left there.

    Loads change every `load_s`, never if it is 0.
    """
    home = Home(clone.paths.home / name)
    home.path.mkdir(exist_ok=True)
    recorded = clone.folder / f"{name}.requests"
    command = [sys.executable, str(Path(__file__).with_name("recording.py")), str(recorded), "--no-control-plane"]
    command += [
        "--home",
        str(home.path),
        "--site",
        str(clone.site),
        "--hall",
        HALL,
        "--timing",
        f"{_TIMING},load_s={load_s}",
    ]
    with home.log.open("ab") as log:
        process = subprocess.Popen(command, cwd=clone.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        control = Control(home)
        _await(process, control, home)
        yield Twin(process, control, recorded)
    finally:
        process.terminate()
        process.wait(30)


def _await(process: subprocess.Popen[bytes], control: Control, home: Home) -> None:
    deadline = time.monotonic() + _START_PATIENCE_S
    while True:
        try:
            control.status(devices=False)
            return
        except TwinError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise TwinError(f"the twin did not start:\n{home.log.read_text()[-2000:]}") from None
            time.sleep(_POLL_S)


@contextmanager
def timed(beside: Twin, whose: int) -> Iterator[list[Took]]:
    """Put into the list what the work within took; `whose` is RUSAGE_CHILDREN for the engine, RUSAGE_SELF for us."""
    made: list[Took] = []
    cpu_s, twin_cpu_s, wall_s = _used(whose), beside.cpu_s, time.perf_counter()
    yield made
    made.append(Took(time.perf_counter() - wall_s, _used(whose) - cpu_s, beside.cpu_s - twin_cpu_s))


def _used(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def engine(clone: Clone, beside: Twin, command: str) -> Took:
    """Run the engine to its end, as `karst up` does. Raises RuntimeError with its output if it fails."""
    words = ["pulumi", *COMMANDS[command], "--stack", clone.stack.name, "--non-interactive", "--color", "never"]
    with timed(beside, resource.RUSAGE_CHILDREN) as took:
        run = subprocess.run(
            [*words, "--suppress-progress"],
            cwd=clone.folder,
            env={**os.environ, **clone.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    if run.returncode:
        raise RuntimeError(f"pulumi {command} failed:\n{run.stdout[-4000:]}\n{run.stderr[-2000:]}")
    return took[0]
