"""Build one tool from Go modules, with the `go` client as the user has configured it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from pins import Pin
from progress import Progress

# The newest `go` line among the go.mod files; go 1.21 and later fetch a newer toolchain by themselves where allowed.
MINIMUM_GO = (1, 26)
# Sources, build cache and binaries of all tools, measured 9 GB with reserve.
DISK_BYTES = 12 * 1024**3


class BuildError(Exception):
    """A build failed; the text says which, with the last lines of its output and where all of it is."""


def missing(cache: Path) -> list[str]:
    """What the machine lacks for a build, a sentence each."""
    lacks = []
    go = shutil.which("go")
    if go is None:
        lacks.append("go is not on PATH; install Go 1.26 or newer (Debian: golang-go from backports)")
    else:
        shown = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
        match = re.match(r"go(\d+)\.(\d+)", shown)
        if match and (int(match[1]), int(match[2])) < MINIMUM_GO:
            lacks.append(f"{shown} is too old; Go {MINIMUM_GO[0]}.{MINIMUM_GO[1]} or newer is needed")
    place = cache
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < DISK_BYTES:
        lacks.append(f"{place} has {free / 1024**3:.1f} GiB free; {DISK_BYTES / 1024**3:.0f} GiB are needed")
    return lacks


def build(pin: Pin, target: Path, log: Path, progress: Progress) -> None:
    """Build `pin` into the folder `target`. Raises BuildError; the whole output is in `log`."""
    environment = os.environ | {"CGO_ENABLED": "0"}
    ldflags = f"-s -w {pin.ldflags}".strip()
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", ldflags]
    command += ["-o", str(target / pin.name), pin.package]
    _run(command, pin, log, progress, environment)
    for script in pin.scripts:
        _run(["go", "mod", "download", script.module], pin, log, progress, environment)
        cache = subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True)  # noqa: S607
        copied = shutil.copy(Path(cache.stdout.strip()) / script.module / script.path, target)
        Path(copied).chmod(0o755)


def _run(command: list[str], pin: Pin, log: Path, progress: Progress, environment: dict[str, str]) -> None:
    with log.open("a") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        process = subprocess.Popen(  # noqa: S603 - go and arguments from the pins
            command, cwd=pin.folder, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
        )
        try:
            while process.poll() is None:
                progress.tick()
                time.sleep(0.2)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode:
        tail = "\n  ".join(log.read_text().splitlines()[-15:])
        raise BuildError(f"{pin.name} {pin.version} did not build, go said {process.returncode}:\n  {tail}\nall: {log}")
