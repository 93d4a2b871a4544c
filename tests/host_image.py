"""The host image for tests that need hosts: made once a machine, as `make image` does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[1] / "tools" / "image.py"


def host_image() -> str:
    """Its name in podman. Skips where nobody may run containers with a systemd of their own."""
    if os.geteuid() != 0:
        pytest.skip("hosts need root")
    made = subprocess.run([sys.executable, TOOL], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()
