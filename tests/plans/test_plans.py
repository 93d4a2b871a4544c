"""Plans: each folder holds what a site changes of `tests/errors/base/`, and the plan that must follow.

`plan.json` is the whole plan in detail, and `<row>.svg`, where there is one, the drawing of that row. The hash is
left out: it changes with every word of the site's form. `pytest tests/plans --accept` writes them; read the diff.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from karst.draw.row import row_svg
from karst.plan.check import check
from karst.plan.data import as_json, plan_data
from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.site.load import load

HERE = Path(__file__).parent
BASE = HERE.parent / "errors" / "base"
CASES = sorted(path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__")


def planned(case: str, scratch: Path) -> Plan:
    site = scratch / "base"
    shutil.copytree(BASE, site)
    shutil.copytree(HERE / case, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("plan.json", "*.svg"))
    return plan(load(site, site / "hardware"))


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_expected_plan(case: str, tmp_path: Path, expect: Callable[[Path, str], None]) -> None:
    found = planned(case, tmp_path)
    assert check(found, date(2026, 11, 25)) == ()
    data = plan_data(found, detail=True)
    del data["hash"]
    expect(HERE / case / "plan.json", as_json(data).decode())
    for drawing in sorted((HERE / case).glob("*.svg")):
        expect(drawing, row_svg(found, drawing.stem).replace(found.hash[:12], "HASH"))


def test_the_picture_of_the_lab_is_that_of_its_plan(expect: Callable[[Path, str], None]) -> None:
    root = HERE.parent.parent
    lab = plan(load(root / "sites" / "lab", root / "hardware"))
    # Without the hash, as a change of an address elsewhere does not make the picture wrong.
    expect(root / "docs" / "lab.svg", row_svg(lab, "h1-r1").replace(f" · plan {lab.hash[:12]}", ""))
