"""`karst down`: what `karst up` built is destroyed, every process ended, the workspace removed."""

from __future__ import annotations

from typing import Annotated

import typer

from karst.cli.build import checked
from karst.cli.console import Ticker, complain, faults_as_sentences, say
from karst.cli.run import run_stack
from karst.cli.up import VerboseOption
from karst.site.problems import SiteError
from karst.workspace import layers, leftovers, paths, pulumi, twin, workspace
from karst.workspace.paths import Paths, WorkspaceError
from karst.workspace.stack import Stack, names_of_stacks


def down(
    site: Annotated[str | None, typer.Argument(help="The site that the twin is of.", metavar="SITE")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Remove everything although stacks could not be destroyed.")
    ] = False,
    verbose: VerboseOption = False,
) -> None:
    """Destroy the twin's stacks, end every process of this clone, remove its workspace (.karst/).

    Safe at any time: after a crash, twice, or when half of it is missing. Real sites' stacks are not touched, nor are
    sites/ and what you wrote there.

    Exit code 0 if nothing is left, 1 if a stack could not be destroyed (the twin then stays, --force removes it too).
    """
    with faults_as_sentences():
        place = paths.find()
        with workspace.held(place, lambda: say("waiting", "another karst is at work in this clone")):
            _down(place, site, force, verbose)


def _down(place: Paths, site: str | None, force: bool, verbose: bool) -> None:
    if not place.description.exists():
        layers.discard_stale_configs(place)
        workspace.remove(place)
        say("down", "there is nothing to take down")
        return
    found = _found(place, site)
    if found and not _destroy(place, found, verbose) and not force:
        complain("the stacks that failed are left as they are, and so is the twin; --force removes all the same")
        raise typer.Exit(1)
    with Ticker("twin") as ticker:
        was_running = twin.stop(place, ticker.tell)
        twin.clear(place)
        leftovers.end(place)
    say("twin", "ended" if was_running else "was not running")
    workspace.remove(place)
    layers.discard_stale_configs(place)
    say("workspace", f"{place.home} is removed")


def _found(place: Paths, site: str | None) -> workspace.Workspace | None:
    """The clone's workspace; None if it is broken, which leaves nothing to do but to remove it. Raises WorkspaceError.

    It is a twin's: what its stacks describe goes with it.
    """
    try:
        found = workspace.load(place)
    except WorkspaceError as fault:
        complain(str(fault))
        return None
    if site not in (None, found.site):
        raise WorkspaceError(f"this clone's twin is of {found.site}, not of {site}; nothing was touched")
    return found


def _destroy(place: Paths, found: workspace.Workspace, verbose: bool) -> bool:
    """Destroy every stack of the backend, tenants first, as they live on the metal. Returns whether all went well."""
    names = sorted(names_of_stacks(place), key=lambda name: (not name.endswith("-tenants"), name))
    if not names:
        return True
    environment = pulumi.environment(place)
    stacks = [Stack(place, name, environment) for name in names]
    filled = [stack for stack in stacks if stack.resources()]
    if filled:
        # Whoever destroys talks to BMCs and to Kubernetes: a twin that was killed has to be there once more.
        try:
            planned = checked(place, found.site)
        except SiteError as fault:
            complain("\n".join(map(str, fault.problems)))
            return False
        with Ticker("twin") as ticker:
            twin.ensure(found, planned, frozenset(), environment, ticker.tell)
            if any(stack.name.endswith("-tenants") for stack in filled):
                twin.await_kubernetes(place, ticker.tell)
    well = True
    for stack in stacks:
        if stack in filled and run_stack(stack, "destroy", 0, verbose).errors:
            well = False
            continue
        stack.remove()
    return well
