"""How tests run molecule: each role's scenario with a folder of its own, and its containers gone afterwards.

Molecule's own choice of folder goes by the role's name alone, so two clones would take each other's containers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Scenario:
    """A role's scenario; `folder` is molecule's for it."""

    role: str
    folder: Path

    def run(self, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run molecule for the role of the clone at `root`, or of a copy of it; at most 500 s."""
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "NO_COLOR": "1", "MOLECULE_EPHEMERAL_DIRECTORY": str(self.folder)}
        return subprocess.run(
            [BIN / "molecule", "--base-config", root / ".config/molecule/config.yml", *arguments],
            cwd=root / "roles" / self.role,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )

    def states(self) -> list[str]:
        """Return the state of each of its containers."""
        command = ["podman", "ps", "--all", "--format={{.State}}", f"--filter=label=karst.scenario={self.folder}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


@contextmanager
def scenario(role: str) -> Iterator[Scenario]:
    """Give a role's scenario. Its folder's path is short: SSH's sockets lie in it, and theirs have 108 characters."""
    with tempfile.TemporaryDirectory(prefix="karst-", dir="/tmp") as folder:
        made = Scenario(role, Path(folder))
        try:
            yield made
        finally:
            made.run(ROOT, "destroy")
