"""A process that supervises a control plane as the twin does, for tests to start, ask and kill."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from karst.twin.control_plane import Ports

ROOT = Path(__file__).parents[2]

# Commands on stdin, answers as JSON lines on stdout; the end of stdin is the order to stop.
_PROGRAM = """
import asyncio, json, sys, time
from dataclasses import asdict
from pathlib import Path
from karst.twin.control_plane import ControlPlane, ControlPlaneError, Ports

def say(**words):
    print(json.dumps(words), flush=True)

async def main():
    home, bin_dir, ports = sys.argv[1:]
    plane = ControlPlane(Path(home), Path(bin_dir), Ports(**json.loads(ports)))
    began = time.monotonic()
    try:
        await plane.start()
    except ControlPlaneError as fault:
        return say(error=str(fault))
    say(ready_s=time.monotonic() - began)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        say(**asdict(await plane.status()))
    await plane.stop()
    say(**asdict(await plane.status()))

asyncio.run(main())
"""


def bin_dir() -> Path:
    """Where the daemons lie: on PATH, or where `make tools` put them. Fails the test if they are not built."""
    if on_path := shutil.which("kube-apiserver"):
        return Path(on_path).parent
    command = [sys.executable, str(ROOT / "tools" / "build.py"), "--print-bin"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = Path(run.stdout.strip() or "/nonexistent")
    if not (found / "kube-apiserver").is_file():
        pytest.fail("the control plane's programs are not built; `make tools` builds them")
    return found


def until(met: Callable[[], object], what: str, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.05)


class Supervisor:
    """The running process."""

    def __init__(self, home: Path, ports: dict[str, int], programs: Path) -> None:
        self.home, self.ports = home, {name: ports[name] for name in Ports.__dataclass_fields__}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(home), str(programs), json.dumps(self.ports)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.first = self._answer()

    def status(self) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self._answer()

    def pids(self) -> dict[str, int]:
        return {each["name"]: each["pid"] for each in self.status()["daemons"]}

    def stop(self) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.close()
        answer = self._answer()
        self.process.wait(30)
        return answer

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def kubectl(self, *words: str, given: str = "", user: str = "") -> subprocess.CompletedProcess[str]:
        command = ["kubectl", "--kubeconfig", str(self.home / "admin.kubeconfig"), *words]
        command += ["--as", user] if user else []
        # kubectl keeps what it discovers below HOME; another control plane must not find it there.
        environment = {"PATH": f"{bin_dir()}:{os.environ['PATH']}", "HOME": str(self.home)}
        return subprocess.run(
            command, input=given, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the supervisor ended without a word"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def supervised(home: Path, ports: dict[str, int]) -> Iterator[Supervisor]:
    supervisor = Supervisor(home, ports, bin_dir())
    try:
        assert "error" not in supervisor.first, supervisor.first["error"]
        yield supervisor
    finally:
        if supervisor.process.poll() is None:
            supervisor.stop()
