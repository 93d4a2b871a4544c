"""Build one tool from Go modules, with the `go` client as the user has configured it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from pins import Pin
from progress import Progress

# Sources, build cache and binaries of all tools, measured 9 GB with reserve.
DISK_BYTES = 12 * 1024**3


class BuildError(Exception):
    """A build failed; the text says which, with the last lines of its output and where all of it is."""


def missing(pins: Iterable[Pin], cache: Path) -> list[str]:
    """What the machine lacks for a build of these, a sentence each."""
    go = shutil.which("go")
    if go is None:
        lacks = ["go is not on PATH; install Go 1.21 or newer, which fetches what it lacks as a Go module"]
    else:
        lacks = list(dict.fromkeys(lack for pin in pins if (lack := _too_old(go, pin))))
    place = cache
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < DISK_BYTES:
        lacks.append(f"{place} has {free / 1024**3:.1f} GiB free; {DISK_BYTES / 1024**3:.0f} GiB are needed")
    return lacks


def _too_old(go: str, pin: Pin) -> str | None:
    """Why `go` is no compiler for the tool. Asked in its folder: Go 1.21 and later fetch the toolchain that its go.mod
    names, through the module proxy and as GOTOOLCHAIN allows."""
    named = re.search(r"^go (\d+)\.(\d+)", (pin.folder / "go.mod").read_text(), re.MULTILINE)
    shown = subprocess.run([go, "env", "GOVERSION"], cwd=pin.folder, capture_output=True, text=True, check=False)  # noqa: S603
    if shown.returncode:
        return f"go has no toolchain for {pin.folder.name}: {shown.stderr.strip()}"
    have = re.match(r"go(\d+)\.(\d+)", shown.stdout)
    if named and have and tuple(map(int, have.groups())) < tuple(map(int, named.groups())):
        found, needed = shown.stdout.strip(), f"Go {named[1]}.{named[2]}"
        return f"{found} is too old; {needed} is needed, or Go 1.21 that may fetch it (GOTOOLCHAIN=auto)"
    return None


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
