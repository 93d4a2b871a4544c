"""`karst up`: a declared site, built on its twin, from nothing or from wherever an earlier run ended."""

from __future__ import annotations

from typing import Annotated

import typer

from karst.cli.build import Build, await_kubernetes, expected_resources, prepare, summarise
from karst.cli.console import Format, complain, faults_as_sentences, say
from karst.cli.run import run_stack
from karst.cli.summary import Summary
from karst.workspace import paths, workspace

SiteArgument = Annotated[str, typer.Argument(help="Name of a site, a folder of sites/.", metavar="SITE")]
HallOption = Annotated[list[str] | None, typer.Option(help="Only this hall; may be given more than once.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Pass Pulumi's own output through.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How the summary is printed: table or json.")]


def up(
    site: SiteArgument = "lab",
    hall: HallOption = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would change.")] = False,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Exit code 1 if anything changes, or would.")
    ] = False,
    verbose: VerboseOption = False,
    style: FormatOption = Format.TABLE,
) -> None:
    """Build SITE on its twin: check it, start the twin, bring up its stacks, say how it is.

    Run it again after anything, a crash too: it does what is missing and nothing twice. Never is an `active` server
    reset or powered off: what needs that is staged and listed as "reset pending", until you consent to it by server,
    `pulumi config set --stack lab-metal-h1 --path 'karst:allow_reset[0]' h1-r1-01-s03`, or do it yourself, `karst
    power h1-r1-01-s03 restart`.

    Examples: `karst up`; `karst up lab --preview` to look first; `karst up qixing --hall h01` for one hall of many. A
    real site's stacks are brought up by plain `pulumi up`; see docs/start.md.

    Exit code 0 if all is as declared, 1 if something is not (it is named), 2 for wrong usage.
    """
    with faults_as_sentences():
        place = paths.find()
        with workspace.held(place, lambda: say("waiting", "another karst is at work in this clone")):
            build = prepare(place, site, frozenset(hall or ()))
            changes, failed = run_stacks(build, preview, verbose)
            summary = summarise(build)
    end(summary, style, preview, changes, failed, expect_no_changes)


def run_stacks(build: Build, preview: bool, verbose: bool) -> tuple[int, bool]:
    """Run the engine on each stack in order; how many resources changed (or would), and whether anything failed.

    A stack that failed does not keep the next from its turn: tenants do not wait for a server's repair.
    """
    changes, failed = 0, False
    for what in build.stacks:
        if what.layer == "tenants":
            await_kubernetes(build)
        seen = run_stack(build.stack(what), "preview" if preview else "up", expected_resources(build, what), verbose)
        changes += seen.changes
        failed = failed or bool(seen.errors)
    return changes, failed


def end(
    summary: Summary, style: Format, preview: bool, changes: int, failed: bool, expect_no_changes: bool = False
) -> None:
    """Say what came of it. Raises typer.Exit(1) unless all is well."""
    if not preview:
        summary.show(style)
    if changes and expect_no_changes:
        complain(f"{changes} resources {'would change' if preview else 'changed'}, none was expected to")
        failed = True
    if failed:
        raise typer.Exit(1)
    if preview:
        return
    if not changes:
        say("up", "nothing changed")
    say("look closer", f'karst status {summary.site}; eval "$(make -s env)", then pulumi and kubectl')
