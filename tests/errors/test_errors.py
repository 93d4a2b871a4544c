"""Broken sites: each folder holds the files in which it differs from `base/`, and the exact problems in `errors.txt`.

A file `x.absent` means that the site has no `x`. `pytest tests/errors --accept` writes `errors.txt`; read the diff.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from karst.cli.check import inspect
from karst.site.problems import Problem

HERE = Path(__file__).parent
BASE = HERE / "base"
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and path.name not in ("base", "__pycache__"))
TODAY = date(2026, 11, 25)


def problems_of(case: Path, scratch: Path) -> tuple[Problem, ...]:
    """Return the problems of the base with the files of `case` put over it."""
    site = scratch / "base"
    shutil.copytree(BASE, site)
    for path in sorted(path for path in case.rglob("*") if path.is_file() and path.name != "errors.txt"):
        target = site / path.relative_to(case)
        if target.suffix == ".absent":
            target.with_suffix("").unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return inspect(site, site / "hardware", TODAY).problems


def test_the_base_has_no_fault(tmp_path: Path) -> None:
    assert problems_of(BASE, tmp_path) == ()


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_expected_problems(case: str, tmp_path: Path, expect: Callable[[Path, str], None]) -> None:
    found = problems_of(HERE / case, tmp_path)
    assert found, "a broken site passes"
    expect(HERE / case / "errors.txt", "".join(f"{problem}\n" for problem in found))


def test_the_cases_are_many_and_some_have_several_faults_in_several_files() -> None:
    files = [
        {line.partition(":")[0] for line in (HERE / case / "errors.txt").read_text().splitlines()} for case in CASES
    ]
    assert len(CASES) >= 35
    assert sum(len(each) > 1 for each in files) >= 10
