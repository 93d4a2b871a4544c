"""Every benchmark runs at a tiny size and says what it found; how long anything took is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "converge": ("--hosts", "1", "--runs", "1"),
    "fabric_scale": ("--switches", "10"),
    "inventory": ("--site", str(ROOT / "sites" / "lab"), "--runs", "1"),
    "lynis_hardening": ("--roles", "hardening", "--group", "ssh"),
    "plan_qixing": ("--site", str(ROOT / "sites" / "lab"), "--runs", "1"),
    "prove_network": ("--site", str(ROOT / "sites" / "lab"), "--runs", "1"),
    "render_fabric": ("--devices", "40", "--leaves", "2", "--runs", "1"),
    "up_hall": ("--servers", "3", "--delay", "0.02"),
    "verify_hall": ("--servers", "3", "--load", "2"),
    "verify_hosts": ("--hosts", "1", "--runs", "1"),
}


def test_none_is_left_out() -> None:
    assert TINY.keys() == {file.stem for file in (ROOT / "benchmarks").glob("*.py")}


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_it_prints_its_figures_beside_its_floor_and_goal(name: str) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *TINY[name]]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    (line,) = run.stdout.splitlines()
    found = json.loads(line)
    assert found.keys() >= {"benchmark", "figures", "floor", "ratio", "goal", "met"}
    assert run.stderr, "it says nothing of how far it is"
    if name == "up_hall":
        assert found["figures"]["servers"] == 3
        assert found["figures"]["requests"]["again"] == found["figures"]["requests"]["refresh"] > 0
        assert found["met_each"]["state_bytes"]
