"""Make the clone's `.venv` from pinned, hashed requirements, and install Karst beside them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"


def stamp() -> str:
    """A hash of all that decides what the environment holds."""
    # Of pyproject.toml only what is installed: a linter's setting makes no new environment.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    digest = hashlib.sha256(f"{sys.version} {ROOT} {project}".encode())
    for name in ("requirements.txt", "requirements-test.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def main() -> int:
    """Exit code 0: the environment is there; 1: pip failed and said why. An unfinished environment has no stamp."""
    marker = VENV / "karst.stamp"
    with (ROOT / ".venv.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if marker.exists() and marker.read_text() == stamp():
            return 0
        sys.stderr.write("python: installing the pinned packages into .venv (about a minute)\n")
        shutil.rmtree(VENV, ignore_errors=True)
        steps = [
            [sys.executable, "-m", "venv", str(VENV)],
            [*_pip("install"), "--require-hashes", "-r", str(ROOT / "requirements-test.txt")],
            [*_pip("install"), "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
        ]
        for step in steps:
            if subprocess.run(step, check=False, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}).returncode:  # noqa: S603
                sys.stderr.write(f"python: failed: {' '.join(step)}\n")
                return 1
        marker.write_text(stamp())
    return 0


def _pip(command: str) -> list[str]:
    return [str(VENV / "bin" / "python"), "-m", "pip", command, "--quiet"]


if __name__ == "__main__":
    sys.exit(main())
