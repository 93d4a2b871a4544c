"""What the commands of `karst twin` share: the way to the twin that runs, and how its answers are printed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import orjson
import typer

from karst.cli.console import Format, complain, faults_as_sentences
from karst.twin.client import Control
from karst.twin.home import Home, TwinError
from karst.workspace import paths

FormatOption = Annotated[Format, typer.Option("--format", help="How the result is printed.")]


@contextmanager
def sentences() -> Iterator[None]:
    """Print faults as sentences, and exit with 1."""
    with faults_as_sentences():
        try:
            yield
        except TwinError as fault:
            complain(str(fault))
            raise typer.Exit(1) from None


def control() -> Control:
    """Return the way to the clone's twin. Raises TwinError if none runs."""
    home = Home(paths.find().twin)
    if home.holder() is None:
        raise TwinError("no twin runs in this clone; `karst twin up` starts it")
    return Control(home)


def print_body(body: object) -> None:
    """Print an answer as JSON."""
    sys.stdout.buffer.write(orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
