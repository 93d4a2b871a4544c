"""What a killed engine may leave in Pulumi's file backend, and that it stops nobody."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from karst.workspace import pulumi
from karst.workspace.paths import Paths
from karst.workspace.stack import Stack
from tests.stacks.clone import Clone

_NAME = "lab-metal-h1"


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A new stack of a clone whose workspace holds nothing else."""
    folder = Clone.create(tmp_path / "clone").folder
    paths = Paths(folder, folder / ".karst")
    for each in (paths.backend, paths.pulumi_home, paths.scratch):
        each.mkdir(parents=True)
    paths.passphrase.write_text("not a secret of anybody's")
    made = Stack(paths, _NAME, pulumi.environment(paths))
    made.create()
    return made


def lock(stack: Stack, name: str, text: str, age_s: float = 0.0) -> Path:
    """A lock file as Pulumi's."""
    file = stack.paths.backend / ".pulumi" / "locks" / "organization" / "karst" / stack.name / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (time.time() - age_s,) * 2)
    return file


def test_every_file_of_the_backend_is_written_at_one_stroke(stack: Stack) -> None:
    stack.configure({"karst:site": "lab"}, {})
    files = {file.name for file in stack.paths.backend.rglob("*") if file.is_file()}
    assert f"{_NAME}.json" in files
    # Attributes are not: half of one makes the stack unreadable.
    assert [name for name in files if name.endswith(".attrs")] == []


def test_a_lock_whose_writer_was_killed_as_it_wrote_is_cleared(stack: Stack) -> None:
    torn = lock(stack, "9f1c.json.18a2.tmp", '{"pid": 4', age_s=60)
    assert (stack.is_locked, stack.holders()) == (True, [])
    assert stack.unlock()
    assert not torn.exists()
    assert not stack.is_locked


def test_a_lock_that_is_being_written_is_left(stack: Stack) -> None:
    young = lock(stack, "9f1c.json.18a2.tmp", "")
    assert not stack.unlock()
    assert young.exists()


def test_a_living_engines_lock_is_left_and_a_dead_ones_cleared(stack: Stack) -> None:
    host = socket.gethostname()
    dead = max(psutil.pids()) + 100_000
    other_host = lock(stack, "1.json", json.dumps({"pid": dead, "hostname": f"not-{host}"}))
    assert not stack.unlock()
    other_host.unlink()
    ours = lock(stack, "2.json", json.dumps({"pid": dead, "hostname": host}))
    assert stack.unlock()
    assert not ours.exists()
