"""Two clones on one machine, a run killed among the tenants, and what `down` leaves: nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest

from tests.stacks.clone import KARST, Clone, await_true

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clones")]


def kubernetes_engine(up: subprocess.Popen[str]) -> list[psutil.Process]:
    """The engine that works on the tenants."""
    found = []
    for each in psutil.Process(up.pid).children(recursive=True):
        try:
            if each.name() == "pulumi" and "lab-tenants" in each.cmdline() and "up" in each.cmdline():
                found.append(each)
        except psutil.NoSuchProcess:
            continue
    return found


def done(clone: Clone) -> int:
    """How many of the tenants' objects the engine says to have made."""
    return sum(log.read_text().count("resOutputsEvent") for log in clone.home.glob("logs/*lab-tenants-up.events.jsonl"))


def test_two_clones_do_not_collide_and_down_leaves_nothing(tmp_path: Path) -> None:
    one, two = Clone.create(tmp_path / "one"), Clone.create_without_cluster(tmp_path / "two")
    empty = {clone.folder: clone.files() for clone in (one, two)}
    first, second = one.start(KARST, "up"), two.start(KARST, "up")

    # The first is killed in the midst of the tenants.
    await_true("a few objects", lambda: first.poll() is not None or done(one) >= 8, 200)
    for engine in kubernetes_engine(first):
        engine.kill()
    _, err = first.communicate(timeout=200)
    assert first.returncode == 1, err
    assert "the Pulumi engine was killed by SIGKILL" in err
    out, err = second.communicate(timeout=200)
    assert (second.returncode, "12 of 12" in out) == (0, True), err

    assert not set(one.ports.values()) & set(two.ports.values())
    metal = one.truth()
    run = one.karst("up")
    assert run.status == 0, run.all
    assert "cleared the lock of a run that was killed" in run.err
    assert "archive, genomics, weather" in run.out
    assert one.truth() == metal

    run = two.karst("down")
    assert run.status == 0, run.all
    assert [each.cmdline() for each in two.processes()] == []
    assert two.files() == empty[two.folder]
    # The other has noticed nothing.
    assert one.karst("up", "--expect-no-changes").status == 0
    assert one.truth() == metal
    run = one.karst("down")
    assert run.status == 0, run.all
    assert [each.cmdline() for each in one.processes()] == []
    assert one.files() == empty[one.folder]
    again = one.karst("down")
    assert (again.status, "nothing to take down" in again.err) == (0, True)
