"""The command `karst`: one file a subcommand, registered here."""

from __future__ import annotations

import typer

from karst.cli.allocate import allocate
from karst.cli.check import check

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.command()(check)
app.command()(allocate)
