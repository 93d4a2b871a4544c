"""What README and docs say of the code must be true of it: links, checks, commands, the example stack."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from karst.cli.main import app
from karst.provider.config import SECRET
from karst.site.load import load
from karst.verify.checks import (
    FABRIC_CHECKS,
    FIRMWARE,
    HOST_CHECKS,
    IDENTITY,
    PDU_CHECKS,
    SERVER_CHECKS,
    branches,
    cords,
    sources,
)

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


def test_the_page_of_verify_lists_every_check_with_its_alert_and_no_other() -> None:
    checks = (IDENTITY, *SERVER_CHECKS, *PDU_CHECKS, FIRMWARE, *HOST_CHECKS, *FABRIC_CHECKS)
    alerts = {check.name: check.alert.value for check in checks}
    alerts |= {module.NAME: module.ALERT.value for module in (cords, branches)}
    alerts |= {sources.SOURCE: sources.SOURCE_ALERT.value, sources.HOST: sources.HOST_ALERT.value}
    page = (ROOT / "docs" / "verify.md").read_text()
    assert dict(re.findall(r"^\| `(\w+\.\w+)` \| .* \| (\w+) \|$", page, re.MULTILINE)) == alerts


EXAMPLES = sorted((ROOT / "docs" / "examples").glob("Pulumi.*.yaml"))


def keys_read() -> set[str]:
    """Return the keys that the program asks `pulumi.Config("karst")` for."""
    files = [ROOT / "__main__.py", *(ROOT / "stacks").glob("*.py")]
    return {
        node.args[0].value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) == "config"
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_stack_is_understood_protected_and_without_secrets(example: Path) -> None:
    config = yaml.safe_load(example.read_text())["config"]
    given = {key.removeprefix("karst:") for key in config}
    assert given <= keys_read()
    assert not given & set(SECRET)
    assert config["karst:protect"] is True
    assert "allow_destroy" not in given
    assert all((ROOT / "stacks" / f"{layer}.py").exists() for layer in config["karst:layers"])
    site = load(ROOT / "sites" / config["karst:site"], ROOT / "hardware")
    assert config["karst:hall"] in site.spaces.halls


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_shown_exist(page: Path) -> None:
    """Every `karst …` in a block of shell: the command is there, and so are its options."""
    for block in re.findall(r"```\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.splitlines():
            for call in re.findall(r"(?:^|&& )karst ([^#&|]+)", line):
                name, options = command(call.split())
                assert {word.partition("=")[0] for word in call.split() if word.startswith("--")} <= options, name


def command(words: list[str]) -> tuple[str, set[str]]:
    found: Any = typer.main.get_command(app)
    name = "karst"
    for word in words:
        if word not in getattr(found, "commands", {}):
            break
        found, name = found.commands[word], f"{name} {word}"
    assert not getattr(found, "commands", None), f"{name}: {words}"
    return name, {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
