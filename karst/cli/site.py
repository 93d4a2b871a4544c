"""What commands share that take a SITE: where its files are, and how problems are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import orjson
import typer

from karst.cli.console import out
from karst.site.problems import Problem
from karst.workspace.paths import WorkspaceError, find

SiteArgument = Annotated[str, typer.Argument(help="A site: its folder, or its name under sites/.", metavar="SITE")]


def find_site(site: str) -> tuple[Path, Path]:
    """Return the folders of a site and of its hardware. SITE is a folder, or a name under `sites/` of the clone.

    Hardware is beside the site's `sites/`, or in the folder one is in. Raises typer.BadParameter (exit code 2).
    """
    given = Path(site)
    sites = _sites()
    folder = given if given.is_dir() else sites / site
    if not folder.is_dir():
        known = sorted(path.name for path in sites.glob("*") if path.is_dir())
        among = f"; sites/ has {', '.join(known)}" if known else ""
        raise typer.BadParameter(f"{site} is neither a folder nor the name of one under sites/{among}")
    beside = folder.resolve().parent.parent / "hardware"
    return folder, beside if beside.is_dir() else Path("hardware")


def _sites() -> Path:
    """Return the folder of the clone's sites, written as it looks from here; without a clone, `sites` itself."""
    try:
        clone = find().clone
    except WorkspaceError:
        return Path("sites")
    return Path("sites") if clone == Path.cwd() else clone / "sites"


def print_problems(problems: Iterable[Problem]) -> None:
    """Print problems for people and editors: a sentence a line, which begins with file and line."""
    for problem in problems:
        out.print(str(problem), markup=False, style="yellow" if problem.severity == "warning" else None)


def print_json(document: Mapping[str, object]) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
