"""Every role's molecule scenario: a trial on a fresh host, converge, converge again, a trial of that, verify.

Then every breakage of breakages.yml is made in a copy of the role, and seen by the test that is named there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.roles.scenario import ROOT, Scenario, scenario

RECAP = re.compile(r"^host-\d\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
BREAKAGES: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "breakages.yml").read_text())
# What a scenario needs beside its role.
SHARED = (
    ".config",
    "action_plugins",
    "filter_plugins",
    "library",
    "module_utils",
    "templates",
    "tools",
    "sites/lab",
    "hardware",
)


def _last_changed(role: str) -> int:
    command = ["git", "log", "-1", "--format=%ct", "--", f"roles/{role}"]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout or 0)


ROLES = sorted((path.parts[-3] for path in ROOT.glob("roles/*/molecule/default")), key=_last_changed, reverse=True)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="containers with a systemd of their own need root")


def _marked(role: str) -> Any:
    return pytest.param(role, marks=[pytest.mark.slow, as_root, pytest.mark.xdist_group(f"role-{role}")])


@pytest.fixture(scope="module", params=map(_marked, ROLES))
def of_role(request: pytest.FixtureRequest) -> Iterator[Scenario]:
    """Return the scenario of each role in turn, the last changed first."""
    with scenario(request.param) as made:
        yield made


@pytest.fixture
def copy(tmp_path: Path, of_role: Scenario) -> Path:
    """Return a copy of what a scenario needs, with all breakages of the role."""
    for folder in (*SHARED, f"roles/{of_role.role}"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for breakage in BREAKAGES.get(of_role.role, ()):
        for part in (breakage, *breakage.get("also", ())):
            file = tmp_path / "roles" / of_role.role / part["file"]
            assert file.read_text().count(part["old"]) >= 1, f"{part['file']} has no {part['old']!r} to break"
            file.write_text(file.read_text().replace(part["old"], part["new"]))
    return tmp_path


def test_scenario(of_role: Scenario) -> None:
    done = of_role.run(ROOT, "test", "--destroy=never")
    said = done.stdout
    # The exit code, as the recap calls a role that changes something each time a success.
    assert done.returncode == 0, said[-6000:]
    changed = [int(match[1]) for match in RECAP.finditer(said)]
    assert min(changed[-8:-4]) > 0, "a trial on a fresh host, and the first run, change it"
    assert max(changed[-4:]) == 0, "what is configured is left alone, and a trial says so"
    assert re.search(r"\d+ passed", said)


def test_breakages(of_role: Scenario, copy: Path) -> None:
    if set(of_role.states()) != {"running"}:
        of_role.run(ROOT, "destroy")  # it has shut its hosts down
    converged = of_role.run(copy, "converge")
    assert converged.returncode == 0, converged.stdout[-6000:]
    verified = of_role.run(copy, "verify")
    assert verified.returncode != 0
    failed = set(re.findall(r"^FAILED \S+::(\w+)", verified.stdout, re.MULTILINE))
    expected = {name for breakage in BREAKAGES[of_role.role] for name in breakage["fails"]}
    assert failed == expected, verified.stdout[-6000:]


def test_every_role_has_breakages_and_each_is_of_a_test_that_exists() -> None:
    assert BREAKAGES.keys() == set(ROLES)
    assert sum(map(len, BREAKAGES.values())) >= 10
    for role, breakages in BREAKAGES.items():
        tests = "".join(path.read_text() for path in ROOT.glob(f"roles/{role}/molecule/default/tests/*.py"))
        assert [name for each in breakages for name in each["fails"] if f"def {name}(" not in tests] == []


@pytest.mark.parametrize("role", [path.name for path in sorted(ROOT.glob("roles/*"))])
def test_a_role_is_whole(role: str) -> None:
    folder = ROOT / "roles" / role
    for file in ("README.md", "tasks/main.yml", "meta/argument_specs.yml", "molecule/default/molecule.yml"):
        assert (folder / file).is_file(), file
    assert list(folder.glob("molecule/default/tests/test_*.py"))
