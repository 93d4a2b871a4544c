"""Every breakage of breakages.yml is seen by the scenario of its role, and by the test that is named there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.roles.scenario import ROOT, molecule, scratch

BREAKAGES: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "breakages.yml").read_text())
SHARED = (".config", "action_plugins", "library", "module_utils", "tools", "sites/lab", "hardware")


@pytest.fixture
def copy(tmp_path: Path, role: str) -> Path:
    """Return a copy of what a scenario needs."""
    for folder in (*SHARED, f"roles/{role}"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture
def run(copy: Path, role: str) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """Return a function that runs a step of the copy's scenario; the containers are gone afterwards."""
    with scratch() as folder:
        yield lambda step: molecule(copy, role, folder, step)
        molecule(copy, role, folder, "destroy")


def break_it(folder: Path, breakage: dict[str, Any]) -> None:
    for part in (breakage, *breakage.get("also", ())):
        file = folder / part["file"]
        assert file.read_text().count(part["old"]) >= 1, f"{part['file']} has no {part['old']!r} to break"
        file.write_text(file.read_text().replace(part["old"], part["new"]))


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="containers with a systemd of their own need root")
@pytest.mark.parametrize("role", sorted(BREAKAGES))
def test_breakages(copy: Path, role: str, run: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    for breakage in BREAKAGES[role]:
        break_it(copy / "roles" / role, breakage)
    converged = run("converge")
    assert converged.returncode == 0, converged.stdout[-6000:]
    verified = run("verify")
    assert verified.returncode != 0
    failed = set(re.findall(r"^FAILED \S+::(\w+)", verified.stdout, re.MULTILINE))
    assert failed == {name for breakage in BREAKAGES[role] for name in breakage["fails"]}, verified.stdout[-6000:]


def test_there_are_ten_and_each_is_of_a_test_that_exists() -> None:
    assert sum(map(len, BREAKAGES.values())) >= 10
    for role, breakages in BREAKAGES.items():
        tests = "".join(path.read_text() for path in ROOT.glob(f"roles/{role}/molecule/default/tests/*.py"))
        assert [name for each in breakages for name in each["fails"] if f"def {name}(" not in tests] == []
