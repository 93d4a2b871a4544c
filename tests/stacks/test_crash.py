"""`up` killed at spread points: the next one clears up, converges, and does no server twice.

A site without a cluster, so that the whole run is about servers; `test_life.py` kills the other layer's engine.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from karst.twin.home import TwinError
from tests.stacks.clone import KARST, SERVERS, Clone, Run, await_true

pytestmark = pytest.mark.slow

Choice = Callable[[Clone, subprocess.Popen[str]], list[psutil.Process]]


def writes(clone: Clone) -> int:
    """Since the twin started, or none while it does not answer."""
    try:
        return int(clone.control.status(devices=False)["writes"])
    except TwinError:
        return 0


def find(up: subprocess.Popen[str], word: str) -> list[psutil.Process]:
    """Processes below `up` whose command line has the word."""
    found = []
    for each in psutil.Process(up.pid).children(recursive=True):
        try:
            if any(word == part.rsplit("/", 1)[-1] for part in each.cmdline()[:2]):
                found.append(each)
        except psutil.NoSuchProcess:
            continue
    return found


def engine(_: Clone, up: subprocess.Popen[str]) -> list[psutil.Process]:
    return find(up, "pulumi")


def provider(_: Clone, up: subprocess.Popen[str]) -> list[psutil.Process]:
    return find(up, "pulumi-resource-karst")


def twin(clone: Clone, _: subprocess.Popen[str]) -> list[psutil.Process]:
    return [psutil.Process(clone.control.status(devices=False)["pid"])]


def up_until(clone: Clone, after: int) -> subprocess.Popen[str]:
    """`karst up` under way, with so many writes done. It must not end before."""
    up = clone.start(KARST, "up")
    await_true("the twin answers", lambda: clone.home.exists() and writes(clone) >= 0)
    begun = writes(clone)
    await_true(f"{after} writes", lambda: up.poll() is not None or writes(clone) - begun >= after)
    assert up.poll() is None, f"it ended before {after} requests that write: {up.communicate()}"
    return up


def up_and_kill(clone: Clone, whom: Choice, after: int) -> None:
    """`karst up`, whose engine, provider or twin is killed after so many writes."""
    up = up_until(clone, after)
    for process in whom(clone, up):
        process.kill()
    out, err = up.communicate(timeout=200)
    assert up.returncode == 1, f"{out}\n{err}"
    assert "Traceback" not in err
    assert "  ! " in err


# Of the some 216 requests that write, sessions included, by which the lab's eighteen BMCs are brought up.
@pytest.mark.parametrize(
    ("whom", "points"),
    [(engine, (1, 30, 90)), (provider, (10, 80)), (twin, (20, 120))],
    ids=["engine", "provider", "twin"],
)
def test_killed_it_converges_and_does_no_server_twice(tmp_path: Path, whom: Choice, points: tuple[int, ...]) -> None:
    clone = Clone.create_without_cluster(tmp_path)
    for after in points:
        up_and_kill(clone, whom, after)
    converged_once(clone, clone.karst("up"))
    down_leaves_nothing(clone)


def test_interrupted_it_ends_in_good_order_and_left_behind_its_engine_is_waited_for(tmp_path: Path) -> None:
    clone = Clone.create_without_cluster(tmp_path)
    up = up_until(clone, after=20)
    up.send_signal(signal.SIGINT)
    _, err = up.communicate(timeout=200)
    assert up.returncode == 130, err
    assert "the same command goes on from here" in err

    up = up_until(clone, after=20)
    left = engine(clone, up)
    assert left
    up.kill()
    up.wait()  # the kernel hangs up what is stopped as it is orphaned
    for process in left:  # or it may be done before the next one looks
        process.suspend()
    try:
        following = clone.start(KARST, "up")
        said = read_until(following, "waiting for another run of Pulumi, process")
    finally:
        for process in left:
            process.resume()
    out, err = following.communicate(timeout=200)
    converged_once(clone, Run(following.returncode, out, said + err))
    down_leaves_nothing(clone)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it says on standard error, as far as the line that has the words. It must say them."""
    assert process.stderr
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it ended without '{words}': {said}")


def converged_once(clone: Clone, run: Run) -> None:
    """After all of it, each server was brought up exactly once."""
    assert run.status == 0, run.all
    assert "12 of 12" in run.out
    for name, device in clone.devices().items():
        assert device["concurrent_writers"] <= 1, name
        assert device["login_failures"] < 3, name
        if name in SERVERS:
            assert (device["power"], device["power_ons"], device["resets"]) == ("On", 1, 0), name
        assert clone.events(name).count("The HTTPS certificate was replaced.") == 1, name


def down_leaves_nothing(clone: Clone) -> None:
    run = clone.karst("down")
    assert run.status == 0, run.all
    assert [each.cmdline() for each in clone.processes()] == []
    assert not [name for name in clone.files() if name.startswith((".karst", "stacks/Pulumi."))]
