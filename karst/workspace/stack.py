"""A stack of this clone: its configuration, outputs and lock in Pulumi's file backend."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from karst.workspace.paths import Paths, WorkspaceError

# A lock is one small file, written in less than a millisecond on any disk that is not lost.
_WRITTEN_WITHIN_S = 2.0

# A plain configuration value: Pulumi keeps booleans and numbers as text.
Value = str | list[str] | dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that a stack's lock names."""

    pid: int
    host: str

    @property
    def is_alive(self) -> bool:
        """Whether it may still run; a process of another host may. A reused pid is not the engine."""
        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and process.name() == "pulumi"
        except psutil.NoSuchProcess:
            return False


class Stack:
    """A stack of this clone's file backend."""

    def __init__(self, paths: Paths, name: str, environment: Mapping[str, str]) -> None:
        self.paths = paths
        self.name = name
        self.environment = {**os.environ, **environment}

    @property
    def exists(self) -> bool:
        """Whether the backend has it."""
        return self.name in names_of_stacks(self.paths)

    def create(self) -> None:
        """Create it in the backend. Raises WorkspaceError."""
        self._pulumi("stack", "init", self.name, "--no-select")

    def remove(self) -> None:
        """Remove it, once it is empty, and its configuration file. Raises WorkspaceError."""
        self._pulumi("stack", "rm", self.name, "--yes")

    def config(self) -> dict[str, Any]:
        """Its configuration by full key, secrets in clear: not to be logged. Raises WorkspaceError."""
        entries = json.loads(self._pulumi("config", "--json", "--show-secrets", "--stack", self.name))
        return {key: entry.get("objectValue", entry.get("value")) for key, entry in entries.items()}

    def configure(self, plain: Mapping[str, Value], secret: Mapping[str, str]) -> None:
        """Set what differs. Secrets go by standard input: arguments are for all to see. Raises WorkspaceError."""
        present = self.config()
        changed = {key: value for key, value in plain.items() if present.get(key) != value}
        if changed:
            self._pulumi("config", "set-all", "--stack", self.name, "--json", _entries(changed))
        for key, text in secret.items():
            if present.get(key) != text:
                self._pulumi("config", "set", "--stack", self.name, "--secret", key, given=text)

    def resources(self) -> list[dict[str, Any]]:
        """Its resources as the backend has them, whatever became of the last run; secrets encrypted.

        Raises WorkspaceError.
        """
        exported = json.loads(self._pulumi("stack", "export", "--stack", self.name))
        return (exported.get("deployment") or {}).get("resources") or []

    @property
    def is_locked(self) -> bool:
        """Whether a run works on it, or was killed as it did."""
        return bool(self._locks())

    def holders(self) -> list[Holder]:
        """Who has locked it."""
        return [held for held in map(_holder, self._locks()) if held]

    def unlock(self) -> bool:
        """Clear the lock of a run that is dead. Returns whether there was one. Raises WorkspaceError."""
        locks = self._locks()
        if not locks or any(_is_in_use(lock) for lock in locks):
            return False
        self._pulumi("cancel", "--yes", "--stack", self.name)
        return True

    def _locks(self) -> list[Path]:
        """Its lock files, and what is left of one whose writer was killed as it wrote."""
        return list((self.paths.backend / ".pulumi" / "locks" / "organization" / "karst" / self.name).glob("*"))

    def _pulumi(self, *arguments: str, given: str | None = None) -> str:
        """Standard output of a command of Pulumi. Raises WorkspaceError with what it complained of."""
        run = subprocess.run(  # noqa: S603
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],  # noqa: S607
            cwd=self.paths.clone,
            env=self.environment,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            said = run.stderr.strip().removeprefix("error: ") or f"exit status {run.returncode}"
            raise WorkspaceError(f"pulumi {' '.join(arguments[:2])} ({self.name}): {said}")
        return run.stdout


def names_of_stacks(paths: Paths) -> list[str]:
    """Every stack in the clone's backend."""
    folder = paths.backend / ".pulumi" / "stacks" / "karst"
    return sorted(file.name.removesuffix(".json") for file in folder.glob("*.json"))


def _holder(lock: Path) -> Holder | None:
    """None if it is freed, or being written, at this very moment, or will never be whole."""
    try:
        content = json.loads(lock.read_text())
    except (OSError, ValueError):
        return None
    return Holder(content["pid"], content["hostname"])


def _is_in_use(lock: Path) -> bool:
    """Held by a run that may live, freed just now, or not whole and young enough to become so."""
    holder = _holder(lock)
    if holder:
        return holder.is_alive
    try:
        return time.time() - lock.stat().st_mtime < _WRITTEN_WITHIN_S
    except FileNotFoundError:
        return True


def _entries(values: Mapping[str, Value]) -> str:
    """As `pulumi config --json` prints them, which is what `set-all --json` reads."""
    entries: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        entries[key] = {"value": value if isinstance(value, str) else json.dumps(value), "secret": False}
        if not isinstance(value, str):
            entries[key]["objectValue"] = value
    return json.dumps(entries)
