"""`karst allocate SITE`: number what has no numbers yet, by lines added to `allocations.yml` and none changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from karst.cli.console import Format, err, faults_as_sentences, out, plural
from karst.cli.site import SiteArgument, find_site, print_json, print_problems
from karst.site.allocate import FILE, Allocation, retired
from karst.site.allocate import allocate as choose
from karst.site.allocation_lines import HEAD, added, removed
from karst.site.load import load_for_allocation
from karst.site.problems import Problem, SiteError

# Whoever reviews the lines does so in git; here a glance is enough.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class _Change:
    """The file as it was (None: there was none) and as it is to be, and what the difference means."""

    path: Path
    before: bytes | None
    after: bytes
    allocation: Allocation
    warnings: tuple[Problem, ...]


def allocate(
    site: SiteArgument,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if lines are lacking.")] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Remove the lines of what the site no longer has.")] = False,
    style: Annotated[Format, typer.Option("--format", help="How the result is printed.")] = Format.TABLE,
) -> None:
    """Give every new rack and switch of SITE its numbers and addresses, and every cluster its control plane.

    This is the only step that chooses. It adds lines to sites/SITE/allocations.yml and never changes one, so that what
    is built never moves; review and commit the file. With --retire it only removes the lines of what is gone, whose
    numbers the next run may give again.
    """
    folder, hardware = find_site(site)
    with faults_as_sentences():
        change = _change(folder, hardware, retire)
        if change.allocation and not check:
            _replace(change)
    if style is Format.JSON:
        print_json({"removed" if retire else "added": _as_json(change.allocation), "written": _written(change, check)})
    else:
        print_problems(change.warnings)
        _show(change.allocation, "-" if retire else "+")
    err.print(_last(folder, change, check, retire), markup=False)
    raise typer.Exit(1 if check and change.allocation else 0)


def _change(folder: Path, hardware: Path, retire: bool) -> _Change:
    path = folder / FILE
    before = path.read_bytes() if path.exists() else None
    loaded, warnings = load_for_allocation(folder, hardware)
    allocation = retired(loaded) if retire else choose(loaded)
    text = (before if before is not None else HEAD.encode()).decode()
    after = (removed if retire else added)(text, allocation, loaded.allocations) if allocation else text
    return _Change(path, before, after.encode(), allocation, warnings)


def _replace(change: _Change) -> None:
    """Put the new text in the file's place: all of it or nothing. Raises SiteError if someone else was faster."""
    mode = change.path.stat().st_mode & 0o777 if change.before is not None else 0o644
    handle, name = tempfile.mkstemp(prefix=f".{FILE}.", dir=change.path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(change.after)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        now = change.path.read_bytes() if change.path.exists() else None
        if now != change.before:
            raise SiteError([Problem(FILE, 1, "the file was changed meanwhile; nothing is written", "another run")])
        Path(name).replace(change.path)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _show(allocation: Allocation, sign: str) -> None:
    said = _as_json(allocation)
    lines = [f"{name}: {_numbers(each)}" for kind in ("racks", "switches") for name, each in said[kind].items()]
    lines += [f"{cluster}: {member}" for cluster, members in allocation.control_plane.items() for member in members]
    for line in lines[:SHOWN]:
        out.print(f"{sign} {line}", markup=False)
    if len(lines) > SHOWN:
        out.print(f"{sign} … and {len(lines) - SHOWN:,} more", markup=False)


def _as_json(allocation: Allocation) -> dict[str, dict[str, object]]:
    return {
        "racks": {name: numbers.model_dump(mode="json") for name, numbers in allocation.racks.items()},
        "switches": {
            name: numbers.model_dump(mode="json", exclude_none=True) for name, numbers in allocation.switches.items()
        },
        "control_plane": dict(allocation.control_plane),
    }


def _numbers(numbers: object) -> str:
    items: Iterable[tuple[str, object]] = numbers.items() if isinstance(numbers, dict) else ()
    return ", ".join(f"{name} {value}" for name, value in items)


def _written(change: _Change, check: bool) -> bool:
    return bool(change.allocation) and not check


def _last(folder: Path, change: _Change, check: bool, retire: bool) -> str:
    site, allocation = folder.resolve().name, change.allocation
    if not allocation:
        return f"{site}: nothing to {'retire' if retire else 'allocate'}"
    members = sum(map(len, allocation.control_plane.values()))
    switches = plural(len(allocation.switches), "switch", "switches")
    what = f"{plural(len(allocation.racks), 'rack')}, {switches}, {plural(members, 'control plane member')}"
    if check:
        return f"{site}: {what} {'to retire' if retire else 'to allocate'}; nothing is written"
    return f"{site}: {what} {'removed from' if retire else 'added to'} {change.path}; review and commit it"
