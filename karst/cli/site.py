"""What commands share that take a SITE: where its files are, and how problems are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import orjson
import typer
from rich.table import Table

from karst.cli.console import Format, out
from karst.site.problems import Problem


def find_site(site: str) -> tuple[Path, Path]:
    """Return the folders of a site and of its hardware. SITE is a folder, or a name under `sites/`.

    Hardware is beside the site's `sites/`, or in the folder one is in. Raises typer.BadParameter (exit code 2).
    """
    given = Path(site)
    folder = given if given.is_dir() else Path("sites", site)
    if not folder.is_dir():
        known = sorted(path.name for path in Path("sites").glob("*") if path.is_dir())
        among = f"; sites/ has {', '.join(known)}" if known else ""
        raise typer.BadParameter(f"{site} is neither a folder nor the name of one under sites/{among}")
    beside = folder.resolve().parent.parent / "hardware"
    return folder, beside if beside.is_dir() else Path("hardware")


def print_problems(problems: Iterable[Problem], output: Format = Format.TABLE) -> None:
    """Print problems: on stdout as JSON if asked for, else as a table with a sentence a row."""
    found = list(problems)
    if output is Format.JSON:
        sys.stdout.buffer.write(
            orjson.dumps([asdict(problem) for problem in found], option=orjson.OPT_INDENT_2) + b"\n"
        )
        return
    if not found:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("where", "", "what is wrong", "expected"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "where")
    for problem in found:
        where = f"{problem.file}:{problem.line}"
        table.add_row(
            where,
            problem.severity,
            problem.what,
            problem.expected,
            style="yellow" if problem.severity == "warning" else None,
        )
    out.print(table)
