"""Supervision of one daemon, with small real programs in a daemon's place."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from karst.twin.control_plane_daemon import Daemon

# Starts a daemon as the twin does and says its pid; then waits to be killed.
_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from karst.twin.control_plane_daemon import Daemon

async def main():
    daemon = Daemon("sleeper", sys.argv[2:], Path(sys.argv[1]))
    await daemon.start()
    print(daemon.status().pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def until(met: Callable[[], object], what: str, timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)


async def until_async(met: Callable[[], object], what: str, timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def sleeper(folder: Path, ignore_term: bool = False) -> list[str]:
    """A program that only waits. Its command line names it and its folder, as a daemon's does."""
    script = folder.parent / "sleeper"
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)" if ignore_term else ""
    script.write_text(f"import signal, time\n{ignore}\nprint('awake', flush=True)\ntime.sleep(600)\n")
    return [sys.executable, "-I", "-S", str(script)]


async def test_a_daemon_that_dies_is_started_again_and_its_log_is_kept(folder: Path) -> None:
    daemon = Daemon("sleeper", sleeper(folder), folder)
    await daemon.start()
    try:
        first = daemon.status().pid
        assert first
        os.kill(first, signal.SIGKILL)
        await until_async(lambda: daemon.status().restarts == 1 and daemon.status().running, "a restart")
        assert daemon.status().pid != first
    finally:
        await daemon.stop(5)
    assert not daemon.status().running
    assert not (folder / "sleeper.json").exists()


async def test_the_pause_between_restarts_grows(folder: Path) -> None:
    daemon = Daemon("false", ["/bin/false"], folder)
    await daemon.start()
    await asyncio.sleep(1.2)
    restarts = daemon.status().restarts
    await daemon.stop(5)
    # 0.5 s, then 1 s: without growth there would be two by now, and a hundred without a pause.
    assert restarts == 1


async def test_stop_is_final_even_while_a_restart_is_due_and_for_who_ignores_sigterm(folder: Path) -> None:
    daemon = Daemon("false", ["/bin/false"], folder)
    await daemon.start()
    await until_async(lambda: not daemon.status().running, "its end")
    await daemon.stop(5)
    await asyncio.sleep(0.7)
    assert daemon.status().restarts == 0

    stubborn = Daemon("sleeper", sleeper(folder, ignore_term=True), folder)
    await stubborn.start()
    pid = stubborn.status().pid
    assert pid
    await until_async(lambda: "awake" in stubborn.tail(), "its first line")
    await stubborn.stop(0.3)
    assert gone(pid)


def test_a_daemon_dies_with_its_supervisor_though_that_is_killed(folder: Path) -> None:
    command = [sys.executable, "-c", _SUPERVISOR, str(folder), *sleeper(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        pid = int(supervisor.stdout.readline())
        assert not gone(pid)
        supervisor.kill()
        supervisor.wait()
    until(lambda: gone(pid), "the daemon's end")


async def test_what_an_earlier_run_left_is_ended_and_nothing_else(folder: Path) -> None:
    left = subprocess.Popen(sleeper(folder), start_new_session=True)  # noqa: ASYNC220 - reaped below
    try:
        note = folder / "sleeper.json"
        daemon = Daemon("sleeper", sleeper(folder), folder)
        started = psutil.Process(left.pid).create_time()
        stranger = psutil.Process()  # this test: right pid and time, another command line
        for pid, time_ in ((left.pid, started - 60), (stranger.pid, stranger.create_time())):
            note.write_text(json.dumps({"pid": pid, "started": time_}))
            await daemon.end_stale(5)
            assert not note.exists()
            assert not gone(left.pid)
        note.write_text("rubbish")
        await daemon.end_stale(5)
        note.write_text(json.dumps({"pid": left.pid, "started": started}))
        await daemon.end_stale(5)
        assert gone(left.pid)
    finally:
        left.kill()
        left.wait()


async def test_a_daemon_sees_nothing_of_the_environment_and_its_log_is_private(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARST_TEST_SECRET", "hush")
    daemon = Daemon("env", ["/usr/bin/env"], folder)
    await daemon.start()
    await daemon.ended()
    await daemon.stop(5)
    assert "PATH=" in daemon.tail()
    assert "KARST_TEST_SECRET" not in daemon.log_file.read_text()
    assert daemon.log_file.stat().st_mode & 0o777 == 0o600
