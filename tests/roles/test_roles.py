"""Every role's molecule scenario: a trial on a fresh host, converge, converge again, a trial of that, verify."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.roles.scenario import ROOT, molecule, scratch

RECAP = re.compile(r"^host-\d\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


def _last_changed(role: str) -> int:
    command = ["git", "log", "-1", "--format=%ct", "--", f"roles/{role}"]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout or 0)


ROLES = sorted((path.parts[-3] for path in ROOT.glob("roles/*/molecule/default")), key=_last_changed, reverse=True)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="containers with a systemd of their own need root")
@pytest.mark.parametrize("role", ROLES)
def test_scenario(role: str) -> None:
    with scratch() as folder:
        done = molecule(ROOT, role, folder, "test")
    said = done.stdout
    # The exit code, as the recap calls a role that changes something each time a success.
    assert done.returncode == 0, said[-6000:]
    changed = [int(match[1]) for match in RECAP.finditer(said)]
    assert min(changed[-8:-4]) > 0, "a trial on a fresh host, and the first run, change it"
    assert max(changed[-4:]) == 0, "what is configured is left alone, and a trial says so"
    assert re.search(r"\d+ passed", said)


@pytest.mark.parametrize("role", [path.name for path in sorted(ROOT.glob("roles/*"))])
def test_a_role_is_whole(role: str) -> None:
    folder = ROOT / "roles" / role
    for file in ("README.md", "tasks/main.yml", "meta/argument_specs.yml", "molecule/default/molecule.yml"):
        assert (folder / file).is_file(), file
    assert list(folder.glob("molecule/default/tests/test_*.py"))
