"""Where the tools lie that `make tools` builds: Pulumi, its plugins, etcd, the Kubernetes daemons, kubectl."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from karst.workspace.paths import Paths, WorkspaceError


def folder(paths: Paths) -> Path:
    """The tools' folder, outside the clone. Raises WorkspaceError if the tools are not built."""
    command = [sys.executable, str(paths.clone / "tools" / "build.py"), "--print-bin"]
    run = subprocess.run(command, cwd=paths.clone, capture_output=True, text=True, check=False)  # noqa: S603
    found = Path(run.stdout.strip())
    if run.returncode or not run.stdout.strip() or not found.is_dir():
        raise WorkspaceError("the tools are not built; `make tools` builds them")
    return found


def host_image(paths: Paths) -> str:
    """What podman calls the host image, be it there or not. Raises WorkspaceError."""
    command = [sys.executable, str(paths.clone / "tools" / "image.py"), "--name"]
    run = subprocess.run(command, cwd=paths.clone, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise WorkspaceError(f"tools/image.py does not name the host image: {run.stderr.strip()}")
    return run.stdout.strip()
