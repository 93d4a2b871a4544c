"""How tests run molecule."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def molecule(root: Path, role: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run molecule for a role of the clone at `root`, or of a copy of it; at most 500 s."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
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
