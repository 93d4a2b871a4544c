"""One supervised daemon of the control plane: started, watched, restarted with backoff, ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from karst.files import write_private
from karst.twin import control_plane_child

_log = logging.getLogger(__name__)

_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_S = 60.0  # alive this long, a daemon counts as healthy again
_LOG_LIMIT_BYTES = 10_000_000  # checked at each start; one older log is kept
_TAIL_BYTES = 4096
_START_TIME_TOLERANCE_S = 2.0  # the kernel counts from boot in ticks, the clock may have been slewed


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """What is known of a daemon. `memory_mib` is its resident set; pid and memory are None while it does not run."""

    name: str
    running: bool
    pid: int | None
    restarts: int
    memory_mib: float | None


class Daemon:
    """A daemon, its log `<name>.log` and its pid file `<name>.json` in `folder`. `command[0]` is an absolute path."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self.log_file = folder / f"{name}.log"
        self._command = list(command)
        self._pid_file = folder / f"{name}.json"
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._restarts = 0
        self._spawning = asyncio.Lock()  # a process half made cannot be ended

    async def start(self) -> None:
        """Start and watch it. Call it from the process's main thread: the daemon ends with the thread that made it."""
        await self._spawn()
        self._watcher = asyncio.create_task(self._watch(), name=f"watch {self.name}")

    async def stop(self, patience_s: float) -> None:
        """Stop watching, ask it to end (SIGTERM), after `patience_s` make it (SIGKILL), and wait until it is gone."""
        async with self._spawning:
            if self._watcher:
                self._watcher.cancel()
        if self._watcher:
            await asyncio.wait([self._watcher])
            self._watcher = None
        process = self._process
        if process and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), patience_s)
            except TimeoutError:
                _log.warning("%s did not end within %.0f s; killed", self.name, patience_s)
                process.kill()
                await process.wait()
        self._process = None
        self._pid_file.unlink(missing_ok=True)

    async def ended(self) -> int:
        """Wait for the running process to end; its exit status (negative: the signal)."""
        return await self._process.wait() if self._process else 0

    def status(self) -> DaemonStatus:
        """Its present state."""
        process = self._process
        if process is None or process.returncode is not None:
            return DaemonStatus(self.name, False, None, self._restarts, None)
        try:
            memory_mib = round(psutil.Process(process.pid).memory_info().rss / 2**20, 1)
        except psutil.Error:
            memory_mib = None
        return DaemonStatus(self.name, True, process.pid, self._restarts, memory_mib)

    def tail(self, lines: int = 12) -> str:
        """The last lines of its log."""
        try:
            with self.log_file.open("rb") as file:
                file.seek(max(0, self.log_file.stat().st_size - _TAIL_BYTES))
                text = file.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    async def end_stale(self, patience_s: float) -> None:
        """End what an earlier, killed twin left running, if its pid file still names that very process."""
        process = self._stale()
        if process:
            _log.warning("%s of an earlier run still runs as %d; ending it", self.name, process.pid)
            await asyncio.to_thread(_end, process, patience_s)
        self._pid_file.unlink(missing_ok=True)

    def _stale(self) -> psutil.Process | None:
        try:
            noted = json.loads(self._pid_file.read_text())
            process = psutil.Process(int(noted["pid"]))
            started, command = process.create_time(), process.cmdline()
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None
        same_time = abs(started - float(noted["started"])) <= _START_TIME_TOLERANCE_S
        # Our folder is in some argument of every daemon: another clone's daemon with a recycled pid is not ours.
        ours = any(self.name in Path(word).name for word in command) and any(
            str(self._folder.parent) in word for word in command
        )
        return process if same_time and ours else None

    async def _spawn(self) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        descriptor = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", control_plane_child.__file__, str(os.getpid())),
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                cwd=self._folder,
                # Nothing of the caller's environment: no proxy, no foreign CA bundle, no secret.
                env={"PATH": os.defpath, "HOME": str(self._folder)},
                # A terminal's Ctrl-C is the twin's to handle, in order.
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        with contextlib.suppress(psutil.Error):
            started = psutil.Process(self._process.pid).create_time()
            write_private(self._pid_file, json.dumps({"pid": self._process.pid, "started": started}))

    async def _watch(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            status = await self.ended()
            failures = 0 if time.monotonic() - began > _STEADY_S else failures
            pause_s = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
            _log.error("%s ended with status %d; starting it again in %.1f s", self.name, status, pause_s)
            failures += 1
            await asyncio.sleep(pause_s)
            self._restarts += 1
            async with self._spawning:
                try:
                    await self._spawn()
                except OSError as fault:
                    _log.error("%s cannot be started: %s", self.name, fault)
                    self._process = None


def _end(process: psutil.Process, patience_s: float) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
        try:
            process.wait(patience_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(patience_s)
