"""The command `karst`: one file a subcommand, registered here."""

from __future__ import annotations

import typer

from karst.cli import render, twin
from karst.cli.allocate import allocate
from karst.cli.cables import cables
from karst.cli.check import check
from karst.cli.down import down
from karst.cli.draw import draw
from karst.cli.env import env
from karst.cli.inventory import inventory
from karst.cli.plan import plan
from karst.cli.power import power
from karst.cli.prove import prove
from karst.cli.rotate import rotate
from karst.cli.status import status
from karst.cli.up import up
from karst.cli.verify import verify

app = typer.Typer(
    name="karst",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Declare a cavern data centre once; prove it, build it, verify it.

    A site is a folder of sites/. The way through: `karst check` says what is wrong with it, `karst allocate` gives what
    is new its numbers, `karst plan` and `karst draw` show what follows, `karst up` builds it on its twin, `karst down`
    takes that down again. Real sites are built by plain `pulumi up`: docs/start.md.

    Results go to standard output, all else to standard error. Exit code 0: fine; 1: problems, all named; 2: wrong use.
    """,
)

_DECLARE, _BUILD = "Declare and prove", "Build and operate"

app.command(rich_help_panel=_DECLARE)(check)
app.command(rich_help_panel=_DECLARE)(allocate)
app.command(rich_help_panel=_DECLARE)(plan)
app.command(rich_help_panel=_DECLARE)(cables)
app.command(rich_help_panel=_DECLARE)(prove)
app.command(rich_help_panel=_DECLARE)(draw)
app.command(rich_help_panel=_DECLARE)(inventory)
app.add_typer(render.app, name="render", rich_help_panel=_DECLARE)
app.command(rich_help_panel=_BUILD)(up)
app.command(rich_help_panel=_BUILD)(status)
app.command(rich_help_panel=_BUILD)(verify)
app.command(rich_help_panel=_BUILD)(power)
app.command(rich_help_panel=_BUILD)(rotate)
app.command(rich_help_panel=_BUILD)(env)
app.command(rich_help_panel=_BUILD)(down)
app.add_typer(twin.app, name="twin", rich_help_panel=_BUILD)
