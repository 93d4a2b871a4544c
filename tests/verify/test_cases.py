"""Cases: each folder holds what a rack's observation has otherwise than `base.json`, and what must be found in it.

`observed.json` is merged into the base (RFC 7386: null removes), `before.json` as an
earlier reading of it; site files beside it take the place of the lab's.
`findings.txt` has every finding that is not passed. `pytest tests/verify --accept` writes it; read the diff.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from karst.plan.pipeline import plan
from karst.site.load import load
from karst.twin.faults import merge_patch
from karst.verify.evaluate import evaluate, time_findings
from karst.verify.expected import expected_rack
from karst.verify.finding import Finding, Outcome
from karst.verify.observed import OBSERVED

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(path.name for path in (HERE / "cases").iterdir() if path.is_dir())
RACK = "h1-r1-01"


def line(each: Finding) -> str:
    excused = f" (excused: {each.excused})" if each.excused else ""
    what = " ".join(filter(None, (each.check, each.part)))
    return f"{each.device} {what} {each.outcome} [{each.alert}]: {each.sentence}{excused}\n"


def found(case: str, scratch: Path, only: tuple[str, ...] = ()) -> list[Finding]:
    site = scratch / "lab"
    shutil.copytree(ROOT / "sites" / "lab", site)
    shutil.copytree(HERE / "cases" / case, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.json", "*.txt"))
    base = json.loads((HERE / "base.json").read_text())
    change = json.loads((HERE / "cases" / case / "observed.json").read_text())
    observed = OBSERVED.validate_python(merge_patch(base, change))
    earlier = HERE / "cases" / case / "before.json"
    changes = [json.loads(earlier.read_text())] if earlier.exists() else []
    before = [OBSERVED.validate_python(merge_patch(base, each)) for each in changes]
    planned = plan(load(site, ROOT / "hardware"))
    rack = expected_rack(planned, RACK)
    sources = {each.name: str(each.address) for each in planned.site.place.services.ntp}
    return [
        *evaluate(rack, observed, only, before),
        *(time_findings(sources, [rack], observed) if not only or "time" in only else ()),
    ]


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_expected_findings(case: str, tmp_path: Path, expect: Callable[[Path, str], None]) -> None:
    findings = found(case, tmp_path)
    lines = sorted(line(each) for each in findings if each.outcome is not Outcome.PASSED)
    expect(HERE / "cases" / case / "findings.txt", "".join(lines))


def test_nothing_is_left_unsaid(tmp_path: Path) -> None:
    """Every check has a word on every device that it is for."""
    findings = found("nothing_wrong", tmp_path)
    said = {(each.device, each.check) for each in findings}
    assert len(said) == len(findings)
    checks = {device: {check for each, check in said if each == device} for device, _ in said}
    servers = {frozenset(checks[f"{RACK}-s{number:02d}"]) for number in range(1, 5)}
    assert len(servers) == 1
    assert checks[f"{RACK}-pdu-a"] == checks[f"{RACK}-pdu-b"]


def test_only_some_groups(tmp_path: Path) -> None:
    groups = {each.check.partition(".")[0] for each in found("parts_that_are_others", tmp_path, ("storage",))}
    assert groups == {"identity", "storage"}
