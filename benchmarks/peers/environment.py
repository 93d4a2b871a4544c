"""A peer's own environment: it is installed for one run alone, into a folder that goes with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

UV = Path(sys.executable).parent / "uv"


def install(folder: Path, requirement: str, *options: str) -> Path:
    """Make an environment in `folder` with `requirement`, and return its programs' folder."""
    python = folder / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run([UV, "pip", "install", "--quiet", *options, "--python", python, requirement], check=True)
    return folder / "bin"
