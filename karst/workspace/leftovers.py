"""What a killed Pulumi engine leaves running: its plugins and language host, which notice its end late or never."""

from __future__ import annotations

from contextlib import suppress

import psutil

from karst.workspace.paths import Paths

_ENGINE = "pulumi"
_GRACE_S = 10.0


def end(paths: Paths) -> int:
    """End the plugins of this clone whose engine is dead, and none else; returns how many there were."""
    left = [process for process in psutil.process_iter() if _is_left(process, paths.backend_url)]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=_GRACE_S)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=_GRACE_S)
    return len(left)


def _is_left(process: psutil.Process, backend_url: str) -> bool:
    try:
        # A script's name is the third word: `python -u …/pulumi-language-python-exec`.
        is_plugin = any(word.rsplit("/", 1)[-1].startswith(f"{_ENGINE}-") for word in process.cmdline()[:3])
        return (
            is_plugin
            and process.environ().get("PULUMI_BACKEND_URL") == backend_url
            and not any(parent.name() == _ENGINE for parent in process.parents())
        )
    except psutil.Error:  # it has ended, or is somebody else's
        return False
