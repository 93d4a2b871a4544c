"""`karst status`: how the site is, as its stacks and its twin know it. Nothing is asked of any BMC."""

from __future__ import annotations

from typing import Annotated

import typer

from karst.cli.build import Build, checked, summarise
from karst.cli.console import Format, faults_as_sentences
from karst.cli.up import FormatOption
from karst.workspace import paths, pulumi, twin, workspace
from karst.workspace.layers import stacks_of_site
from karst.workspace.paths import WorkspaceError


def status(
    site: Annotated[str | None, typer.Argument(help="The site that the twin is of.", metavar="SITE")] = None,
    style: FormatOption = Format.TABLE,
) -> None:
    """Say how the site is: racks, servers on, tenants, what is held, failed or waits for a reset, and the twin.

    This is what the last run saw; `karst up --preview` looks at the world. Exit code 1 if a device failed or the twin
    is not running.
    """
    with faults_as_sentences():
        place = paths.find()
        room = workspace.load(place)
        if site not in (None, room.site):
            raise WorkspaceError(f"this clone's twin is of {room.site}, not of {site}")
        planned = checked(place, room.site)
        summary = summarise(Build(planned, room, stacks_of_site(planned), pulumi.environment(place)))
        running = twin.look(place)
    summary.show(style, {"state": running})
    if summary.failed or running == twin.NOT_RUNNING:
        raise typer.Exit(1)
