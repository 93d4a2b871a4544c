"""`karst up`: a declared site, built on its twin, from nothing or from wherever an earlier run ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from karst.cli.console import Format, complain, faults_as_sentences, say
from karst.cli.run import run_stack
from karst.cli.summary import Summary
from karst.plan.check import check
from karst.plan.model import Plan, PlanError
from karst.plan.pipeline import plan
from karst.plan.rack import rack
from karst.site.load import load
from karst.workspace import paths, pulumi, workspace
from karst.workspace.layers import StackOfSite, configure, stacks_of_site
from karst.workspace.paths import Paths
from karst.workspace.stack import Stack
from karst.workspace.workspace import Workspace

SiteArgument = Annotated[str, typer.Argument(help="Name of a site, a folder of sites/.", metavar="SITE")]
HallOption = Annotated[list[str] | None, typer.Option(help="Only this hall; may be given more than once.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Pass Pulumi's own output through.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How the summary is printed.")]


def up(
    site: SiteArgument = "lab",
    hall: HallOption = None,
    preview: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
    expect_no_changes: Annotated[bool, typer.Option(help="Fail if anything changes, or would.")] = False,
    verbose: VerboseOption = False,
    style: FormatOption = Format.TABLE,
) -> None:
    """Build a site on its twin: check it, start the twin, bring up its stacks, say how it is.

    Run again after anything, a crash too: it does what is missing and nothing twice.
    A real site's stacks are brought up by plain `pulumi up`; see docs/start.md.
    """
    with faults_as_sentences():
        place = paths.find()
        with workspace.held(place, lambda: say("waiting", "another karst is at work in this clone")):
            build = prepare(place, site, frozenset(hall or ()))
            changes, failed = 0, False
            for what in build.stacks:
                seen = run_stack(
                    build.stack(what), "preview" if preview else "up", expected_resources(build.plan, what), verbose
                )
                changes += seen.changes
                failed = failed or bool(seen.errors)
            summary = summarise(build)
    if not preview:
        summary.show(style)
    if changes and expect_no_changes:
        complain(f"{changes} resources {'would change' if preview else 'changed'}, none was expected to")
        failed = True
    if failed:
        raise typer.Exit(1)
    if not preview:
        say("look closer", f'karst status {site}; eval "$(make -s env)", then pulumi and kubectl')
