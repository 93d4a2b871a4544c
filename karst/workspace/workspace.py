"""A clone's workspace: set up whole or not at all, held by one `karst` at a time, removed without a trace."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from karst.files import write_private
from karst.pki import Authority
from karst.workspace import ports, secrets
from karst.workspace.paths import Paths, WorkspaceError

# The twin's CA lives as long as the clone's twin may; certificates from it are renewed by their own term.
_AUTHORITY_DAYS = 3650


class Description(TypedDict):
    """`workspace.json`."""

    site: str  # that the twin imitates
    ports: dict[str, int]


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that is whole."""

    paths: Paths
    site: str
    ports: dict[str, int]

    @property
    def authority(self) -> Authority:
        """The site's CA in the twin's world."""
        folder = self.paths.authority
        return Authority.load((folder / "ca.crt").read_text(), (folder / "ca.key").read_text())


def load(paths: Paths) -> Workspace:
    """The clone's workspace. Raises WorkspaceError if it was not set up."""
    try:
        description: Description = json.loads(paths.description.read_text())
    except FileNotFoundError:
        raise WorkspaceError("this clone has no workspace yet (.karst/); `make up` sets it up") from None
    except (OSError, ValueError, KeyError) as fault:
        raise WorkspaceError(f"{paths.description} cannot be read: {fault}; `make down` removes it") from fault
    if missing := set(ports.NAMES) - set(description["ports"]):
        raise WorkspaceError(
            f"{paths.description} names no port for {', '.join(sorted(missing))}, as an earlier version of Karst wrote "
            "it; `make down` removes it, and `make up` sets up a new one"
        )
    return Workspace(paths, description["site"], description["ports"])


def load_or_create(paths: Paths, site: str, common_name: str, organisation: str) -> Workspace:
    """The clone's workspace, set up if it has none; `common_name` and `organisation` name its CA.

    It is built beside its place and renamed into it, so that whoever looks sees all of it or nothing. Raises
    WorkspaceError if there is one of another site: a clone has one twin.
    """
    if paths.description.exists():
        found = load(paths)
        if found.site != site:
            raise WorkspaceError(
                f"this clone's twin is of {found.site}; `karst down` ends it, then {site} can be built"
            )
        return found
    if paths.home.exists() and any(paths.home.iterdir()):
        raise WorkspaceError(f"{paths.home} exists but is no workspace of Karst; move it away")
    scratch = replace(paths, home=_beside(paths, "new"))
    shutil.rmtree(scratch.home, ignore_errors=True)  # of a set-up that was killed
    scratch.home.mkdir(mode=0o700, parents=True)
    for folder in (scratch.backend, scratch.pulumi_home, scratch.locks, scratch.scratch, scratch.logs, scratch.twin):
        folder.mkdir(mode=0o700)
    secrets.write(scratch, secrets.create())
    write_private(scratch.passphrase, secrets.passphrase())
    Authority.load_or_create(scratch.authority, common_name, organisation, _AUTHORITY_DAYS)
    description: Description = {"site": site, "ports": ports.choose()}
    write_private(scratch.description, json.dumps(description, indent=2) + "\n", mode=0o644)
    scratch.home.rename(paths.home)
    return load(paths)


def remove(paths: Paths) -> None:
    """Remove the workspace, and what a killed set-up or removal left of one. Safe when there is none."""
    # Renamed first, so that a removal that is killed midway leaves no workspace that looks whole.
    if paths.description.exists():
        paths.home.rename(_beside(paths, "removed"))
    for suffix in ("new", "removed"):
        shutil.rmtree(_beside(paths, suffix), ignore_errors=True)


def _beside(paths: Paths, suffix: str) -> Path:
    return paths.home.with_name(f"{paths.home.name}.{suffix}")


@contextmanager
def held(paths: Paths, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the clone: one `karst up` or `down` at a time. Calls `waiting` once if another holds it.

    The lock is the clone's folder itself, so that it leaves no file behind; the kernel frees it with its process.
    """
    descriptor = os.open(paths.clone, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
