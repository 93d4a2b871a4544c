"""How commands speak: results on standard output, progress and faults on standard error, exit codes for machines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import typer
from rich.console import Console

from karst.site.problems import SiteError
from karst.workspace.engine import InterruptedRunError
from karst.workspace.paths import UnknownNameError, WorkspaceError

# No colour codes into pipes, no guessing at words to paint: rich does the first, `highlight=False` the second.
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


def say(what: str, text: str) -> None:
    """A step that was done, in one line: what it was about, and how it is."""
    err.print(f"  {what:<16} {text}", markup=False)


_PIPE_WIDTH = 240


def wide() -> Console:
    """Return where tables go. A pipe has no width; rich would take 80 columns for it and cut names short."""
    return out if out.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def plural(number: int, noun: str, several: str = "") -> str:
    """Say how many there are: `1 rack`, `2,500 racks`, `no racks`; `several` is what more than one are called."""
    many = several or f"{noun}s"
    return f"{number:,} {noun if number == 1 else many}" if number else f"no {many}"


def complain(text: str) -> None:
    """A fault, or several, a line each."""
    for line in text.splitlines():
        err.print(f"  ! {line}", markup=False, style="red")


@contextmanager
def faults_as_sentences() -> Iterator[None]:
    """Turns the faults that a person can mend into sentences and exit code 1, or 2 for a name that there is not."""
    try:
        yield
    except SiteError as fault:
        complain("\n".join(map(str, fault.problems)))
        raise typer.Exit(1) from None
    except UnknownNameError as fault:
        complain(str(fault))
        raise typer.Exit(2) from None
    except WorkspaceError as fault:
        complain(str(fault))
        raise typer.Exit(1) from None
    except (InterruptedRunError, KeyboardInterrupt):
        complain("interrupted; what was done is recorded, and the same command goes on from here")
        raise typer.Exit(INTERRUPTED) from None


class Ticker:
    """Says how far long work has come: in place on a terminal, else a line whenever it changed, 5 s apart at least."""

    _QUIET_S = 5.0

    def __init__(self, what: str) -> None:
        self._what = what
        self._said = ""
        self._at = time.monotonic()
        self._status = err.status("") if err.is_terminal else None

    def __enter__(self) -> Ticker:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def tell(self, text: str) -> None:
        """How far it is now."""
        if self._status:
            self._status.update(f"{self._what:<16} {text}")
        elif text != self._said and time.monotonic() - self._at >= self._QUIET_S:
            say(self._what, text)
            self._said, self._at = text, time.monotonic()
