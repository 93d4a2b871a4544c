"""The twin's folder: what lies where, who holds it, and the way to its control socket."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class TwinError(Exception):
    """The twin cannot be started, reached or changed; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one twin, `.karst/twin/` in a clone."""

    path: Path

    @property
    def database(self) -> Path:
        """State of all BMCs."""
        return self.path / "bmc.sqlite"

    @property
    def faults(self) -> Path:
        """Rules in force."""
        return self.path / "faults.json"

    @property
    def cabling(self) -> Path:
        """Cords and addresses as built."""
        return self.path / "cabling.json"

    @property
    def hardware(self) -> Path:
        """What is broken."""
        return self.path / "hardware.json"

    @property
    def time_sources(self) -> Path:
        """Which of the site's time sources are wrong."""
        return self.path / "time.json"

    @property
    def ups(self) -> Path:
        """What is wrong with the site's UPSes."""
        return self.path / "ups.json"

    @property
    def network(self) -> Path:
        """What of the network is not as planned."""
        return self.path / "network.json"

    @property
    def built(self) -> Path:
        """Devices that were built, planned still or not."""
        return self.path / "built.json"

    @property
    def pid(self) -> Path:
        """Process id, locked by its process for as long as it lives."""
        return self.path / "twin.pid"

    @property
    def log(self) -> Path:
        """What the twin says."""
        return self.path / "twin.log"

    @property
    def control_plane(self) -> Path:
        """Folder of the Kubernetes control plane."""
        return self.path / "control-plane"

    @property
    def ssh(self) -> Path:
        """The site's SSH CA, made by the workspace."""
        return self.path.parent / "ssh"

    @property
    def secrets(self) -> Path:
        """Users and passwords, written by the workspace."""
        return self.path.parent / "secrets.json"

    @property
    def workspace(self) -> Path:
        """Ports of the clone, written by the workspace."""
        return self.path.parent / "workspace.json"

    def holder(self) -> int | None:
        """Process id of the running twin; None if none runs."""
        try:
            file = os.open(self.pid, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.read(file, 32).decode().strip()
            return int(text) if text.isdigit() else 0
        finally:
            os.close(file)
        return None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Be the twin of this folder. Raises TwinError if another process is."""
        file = self._lock()
        try:
            os.truncate(file, 0)
            os.write(file, f"{os.getpid()}\n".encode())
            yield
        finally:
            self.pid.unlink(missing_ok=True)
            os.close(file)

    def _lock(self) -> int:
        while True:
            file = os.open(self.pid, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                raise TwinError(f"a twin runs in {self.path} already, process {self.holder()}") from None
            # The twin before us may have removed the file between our opening and locking it.
            if self.pid.exists() and os.path.samestat(os.fstat(file), self.pid.stat()):
                return file
            os.close(file)

    @contextmanager
    def socket_address(self) -> Iterator[str]:
        """A short name of the control socket: addresses of Unix sockets end at 108 bytes, paths do not."""
        folder = os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{folder}/twin.sock"
        finally:
            os.close(folder)
