"""How tests run molecule: each run with a folder of its own.

Molecule's own choice of folder goes by the role's name alone, so two clones, or a role and its broken copy, would take
each other's containers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for a scenario. Its path is short: SSH's sockets lie in it, and their paths have 108 characters."""
    with tempfile.TemporaryDirectory(prefix="karst-", dir="/tmp") as folder:
        yield Path(folder)


def molecule(root: Path, role: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run molecule for a role of the clone at `root`, or of a copy of it; at most 500 s. `folder` is from `scratch`."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "NO_COLOR": "1", "MOLECULE_EPHEMERAL_DIRECTORY": str(folder)}
    return subprocess.run(
        [BIN / "molecule", "--base-config", root / ".config/molecule/config.yml", *arguments],
        cwd=root / "roles" / role,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
        check=False,
    )
