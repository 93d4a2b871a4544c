"""What README and docs say of the code must be true of it: links, checks, commands, the example stack."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_plan_s_page_lists_every_check_and_no_other() -> None:
    rules = set()
    for module in sorted((ROOT / "karst" / "plan" / "checks").glob("*.py")):
        for node in ast.parse(module.read_text()).body:
            if isinstance(node, ast.FunctionDef) and (ast.get_docstring(node) or "").startswith("Pass:"):
                rules.add(f"{module.stem}.{node.name.removeprefix('_').removeprefix('check_')}")
    told = re.findall(r"^\| `(\w+\.\w+)` \|", (ROOT / "docs" / "plan.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(rules)
