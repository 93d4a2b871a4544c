"""The cache outside the clone: `<cache>/tools/<tool key>/`, and views `<cache>/tools/bin-<hash>/` of symbolic links."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def root() -> Path:
    """`$KARST_CACHE`, else `$XDG_CACHE_HOME/karst`, else `~/.cache/karst`."""
    if own := os.environ.get("KARST_CACHE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "karst"


@contextmanager
def locked(tools: Path, name: str, waiting: str) -> Iterator[None]:
    """Hold the lock of one thing in the cache; say `waiting` on standard error if another process has it."""
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / f".lock-{name}").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.write(2, f"{waiting}\n".encode())
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def whole(target: Path, label: str) -> Iterator[Path]:
    """A new folder that becomes `target` at the end of the block, or nothing at all. The caller holds `label`'s lock.

    What an interrupted run left is swept first: under the lock every temporary folder of the label is a dead one's.
    """
    for stale in target.parent.glob(f".tmp-{label}.*"):
        shutil.rmtree(stale, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".tmp-{label}.", dir=target.parent))
    try:
        yield fresh
        for file in fresh.iterdir():
            if not file.is_symlink():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
        fresh.chmod(0o755)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def view_path(tools: Path, executables: Mapping[str, Path]) -> Path:
    """Where the view of these executables lies: keyed by what it links to."""
    digest = hashlib.sha256("\n".join(f"{name}={path}" for name, path in sorted(executables.items())).encode())
    return tools / f"bin-{digest.hexdigest()[:12]}"


def make_view(tools: Path, executables: Mapping[str, Path]) -> Path:
    """A folder with a symbolic link to each executable, for PATH."""
    view = view_path(tools, executables)
    with locked(tools, "bin", "tools: waiting for another run to lay its links"):
        if not view.exists():
            with whole(view, "bin") as fresh:
                for name, path in executables.items():
                    (fresh / name).symlink_to(path)
    return view
