"""The commands of the pipelines in docs/ci, run on the lab as `karst up` built it."""

from __future__ import annotations

import subprocess
from xml.etree import ElementTree

import pytest

from tests.pipelines import gitlab
from tests.stacks.clone import KARST, Clone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lab")]

JOBS = gitlab()


def job(lab: Clone, name: str) -> subprocess.CompletedProcess[str]:
    """Run a job as a runner does: each line, up to the first that fails."""
    lines = "\n".join(JOBS[name])
    script = f'set -eo pipefail\neval "$({KARST} env)"\nexport SITE=lab STACK=lab-metal-h1\n{lines}\n'
    return subprocess.run(
        ["bash"], input=script, cwd=lab.folder, capture_output=True, text=True, timeout=200, check=False
    )


def test_as_built_nothing_drifts_and_everything_verifies(lab: Clone) -> None:
    done = job(lab, "drift")
    assert done.returncode == 0, done.stdout + done.stderr
    done = job(lab, "verify")
    assert done.returncode == 0, done.stderr
    report = ElementTree.parse(lab.folder / "verify.xml").getroot()
    assert (report.get("failures"), len(report)) == ("0", 18)


def test_what_drifted_or_broke_fails_its_job(lab: Clone) -> None:
    server = "h1-r1-02-s02"
    assert lab.karst("power", server, "off", "--yes").status == 0
    try:
        drift, verify = job(lab, "drift"), job(lab, "verify")
    finally:
        assert lab.karst("power", server, "on").status == 0
    assert drift.returncode != 0
    assert server in drift.stdout
    assert verify.returncode == 1
    assert server in (lab.folder / "verify.xml").read_text()
