"""The command `karst`: one file a subcommand, registered here."""

from __future__ import annotations

import typer
