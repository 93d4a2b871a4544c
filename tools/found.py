"""Which tools are on PATH already, in a version that fits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from pins import Pin


def fits(found: str, pinned: str) -> bool:
    """A copy fits when major and minor are the pinned ones and the patch is the pinned one or newer."""
    have, want = ([int(part) for part in version.split(".")] for version in (found, pinned))
    return have[:2] == want[:2] and have[2:] >= want[2:]


def on_path(pins: Iterable[Pin], cache: Path) -> dict[str, Path]:
    """Tool name -> fitting executable outside our own cache. `KARST_TOOLS_BUILD=always` finds none."""
    if os.environ.get("KARST_TOOLS_BUILD") == "always":
        return {}
    search = os.pathsep.join(
        part for part in os.get_exec_path() if part and not Path(part).resolve().is_relative_to(cache.resolve())
    )
    found: dict[str, Path] = {}
    for pin in pins:
        where = shutil.which(pin.name, path=search)
        if where is None:
            continue
        executable = Path(where)
        if pin.beside:
            companion = found.get(pin.beside)
            accepted = companion is not None and companion.parent == executable.parent
        else:
            accepted = bool(pin.version_command) and fits(_version(executable, pin) or "0.0.0", pin.version)
        if accepted:
            found[pin.name] = executable
    return found


def _version(executable: Path, pin: Pin) -> str | None:
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        result = subprocess.run(  # noqa: S603 - a tool the user has on PATH, asked for its version
            [executable, *pin.version_command], capture_output=True, text=True, timeout=30, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(pin.version_pattern, result.stdout + result.stderr)
    return match.group(1) if match else None
