"""The pipelines that users copy: both run the same, whatever they name is there, and no secret stands in them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from karst.cli.main import app
from tests.pipelines import FOLDER, github, gitlab

ROOT = Path(__file__).parents[2]
COMMANDS = sorted({command for commands in gitlab().values() for command in commands})
TOOLS = subprocess.run(
    [sys.executable, ROOT / "tools" / "build.py", "--print-bin"], capture_output=True, text=True, check=True
).stdout.strip()


def test_both_run_the_same_commands() -> None:
    assert gitlab() == github()
    assert list(gitlab()) == ["check", "roles", "preview", "drift", "verify"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there_and_takes_its_options(command: str) -> None:
    program, *arguments = shlex.split(command.partition(" > ")[0])
    match program:
        case "karst":
            # Parsed as if it were run; nothing is run.
            with typer.main.get_command(app).make_context("karst", list(arguments)) as context:
                name, sub, rest = context.command.resolve_command(context, arguments)  # type: ignore[attr-defined]
                sub.make_context(name, rest, parent=context)
        case "make":
            done = subprocess.run(
                ["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        case "python":
            assert arguments[:2] == ["-m", "pytest"]
            assert (ROOT / arguments[2]).is_file()
        case "pulumi":
            told = subprocess.run(
                [f"{TOOLS}/pulumi", arguments[0], "--help"], capture_output=True, text=True, check=True
            )
            known = set(re.findall(r"--[\w-]+", told.stdout))
            assert {word for word in arguments if word.startswith("--")} <= known
        case _:
            pytest.fail(f"{program} is no program of ours")


def test_junit_is_written_where_it_is_looked_for() -> None:
    for name in ("roles.xml", "verify.xml"):
        text = (FOLDER / "gitlab.yml").read_text()
        assert f"reports: {{junit: {name}}}" in text
        assert any(command.endswith(name) for command in COMMANDS)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yml")), ids=lambda file: file.name)
def test_no_secret_stands_in_it(file: Path) -> None:
    for value in re.findall(r"(?i)(?:passphrase|password|token|key)\w*: *(.*)", file.read_text()):
        assert value.startswith("${{ secrets."), value
