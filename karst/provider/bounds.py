"""What all work in the process shares: how many BMCs at once, the stagger of power-on, one reset a failure domain,
and the lock by which no two processes speak to one BMC at once."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import filelock

from karst.redfish.handshakes import Handshakes

# A server's power supplies draw many times their rated current for some 10 ms as their capacitors charge (inrush):
# a branch circuit's breaker bears one at a time, and 0.2 s lets one pass wholly.
INRUSH_S = 0.2
_LOCK_PATIENCE_S = 120.0
_LOCK_POLL_S = 0.2
_LOCKS = Path("/run/lock/karst")
# A BMC at work takes its lock file and up to four connections; the process itself takes some more.
_DESCRIPTORS_A_BMC = 5
_DESCRIPTORS_OTHERS = 64


class LockedError(Exception):
    """Another process works on the BMC."""


class DomainError(Exception):
    """The reset of another server of the failure domain failed."""


class Bounds:
    """One for the process. `concurrency` BMCs at once, fewer where the process may not open as many files."""

    def __init__(self, concurrency: int, locks: Path) -> None:
        self.slots = asyncio.Semaphore(min(concurrency, _affordable()))
        self.handshakes = Handshakes()
        self._locks = locks
        self._free: dict[str, float] = {}
        self._domains: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._down: dict[str, str] = {}  # failure domain -> endpoint of the server under reset, or whose reset failed
        self.cancelled = asyncio.Event()
        # BMCs that refused every credential: asked again in the same run, they would count it towards a lockout.
        self.refused: dict[tuple[str, bool], str] = {}

    async def inrush(self, branches: Iterable[str]) -> None:
        """Wait until a server may be powered on at these branch circuits."""
        names = tuple(branches)
        now = monotonic()
        at = max([now, *(self._free.get(each, 0.0) for each in names)])
        for each in names:
            self._free[each] = at + INRUSH_S
        await asyncio.sleep(at - now)

    @asynccontextmanager
    async def resetting(self, domain: str, endpoint: str) -> AsyncIterator[None]:
        """Be the only server of the failure domain that is being reset. Raises DomainError.

        After one whose reset failed no other of the domain is reset: two might be down at once.
        """
        async with self._domains[domain]:
            down = self._down.get(domain, endpoint)
            if down != endpoint:
                raise DomainError(f"not reset: the reset of {down}, of the same failure domain {domain}, failed")
            self._down[domain] = endpoint
            yield
            del self._down[domain]

    @asynccontextmanager
    async def alone(self, endpoint: str) -> AsyncIterator[None]:
        """Be the only process that speaks to the BMC. Raises LockedError."""
        name = endpoint.partition("://")[2].replace(":", "_").replace("/", "_")
        lock = filelock.FileLock(self._locks / f"{name}.lock", thread_local=False)
        deadline = monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                lock.acquire(blocking=False)
                break
            except filelock.Timeout:
                if monotonic() > deadline:
                    raise LockedError(
                        f"another process has worked on {endpoint} for {_LOCK_PATIENCE_S:.0f} s ({lock.lock_file})"
                    ) from None
                await asyncio.sleep(_LOCK_POLL_S)
        try:
            yield
        finally:
            lock.release()


def _affordable() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = sys.maxsize if soft == resource.RLIM_INFINITY else soft
    return max(1, (limit - _DESCRIPTORS_OTHERS) // _DESCRIPTORS_A_BMC)


def lock_folder() -> Path:
    """Where the locks lie: KARST_LOCKS, else /run/lock/karst, else the temporary folder. Made if missing."""
    given = os.environ.get("KARST_LOCKS")
    for folder in [Path(given)] if given else [_LOCKS, Path(tempfile.gettempdir()) / f"karst-locks-{os.getuid()}"]:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    raise OSError("no folder for locks can be written; KARST_LOCKS names one")
