"""`karst rotate`: new passwords for every BMC of a twin's site."""

from __future__ import annotations

from karst.cli.build import prepare, summarise
from karst.cli.console import Format, faults_as_sentences, say
from karst.cli.up import FormatOption, SiteArgument, VerboseOption, end, run_stacks
from karst.workspace import paths, secrets, workspace


def rotate(site: SiteArgument = "lab", verbose: VerboseOption = False, style: FormatOption = Format.TABLE) -> None:
    """Give every BMC of SITE the next generation of its credential.

    The earlier one stays in the configuration until all have the new one, so that whatever fails midway, none is
    locked out; `karst up` goes on from there. On a real site the same is two settings of the stack, see
    docs/provider.md.

    Exit code 0 if every BMC has the new credential, 1 if some do not (they are named), 2 for wrong usage.
    """
    with faults_as_sentences():
        place = paths.find()
        with workspace.held(place, lambda: say("waiting", "another karst is at work in this clone")):
            workspace.load(place)
            say("rotate", f"BMC credential generation {secrets.add_generation(place)}")
            build = prepare(place, site, frozenset())
            changes, failed = run_stacks(build, preview=False, verbose=verbose)
            summary = summarise(build)
    end(summary, style, preview=False, changes=changes, failed=failed)
