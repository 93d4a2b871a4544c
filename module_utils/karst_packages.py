"""Debian packages as they are on this host, and the way to those it shall have. Of the module karst_files."""

from __future__ import annotations

import time
from pathlib import Path

from ansible.module_utils.karst_files import Run

LISTS = Path("/var/lib/apt/lists")
# Package lists older than a day may name versions that a mirror no longer has.
LISTS_LAST_S = 86_400
# The host's own nightly run may hold the lock; it seldom takes longer.
LOCK_WAIT_S = 120
APT = (
    "apt-get",
    "--quiet",
    "--yes",
    f"--option=DPkg::Lock::Timeout={LOCK_WAIT_S}",
    # Files that a role laid stay when a package brings newer ones.
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
)
INSTALLED = "installed"


class Packages:
    """Packages to install and to purge: which lack, which are there although they shall not."""

    def __init__(self, present: list[str], absent: list[str], run: Run) -> None:
        self._run = run
        found = self._read([*present, *absent])
        self.lacking = [name for name in present if found.get(name) != INSTALLED]
        # What was removed has left its configuration: it is purged too.
        self.unwanted = [name for name in absent if found.get(name, "not-installed") != "not-installed"]
        self._both = sorted(set(present) & set(absent))

    @property
    def sentences(self) -> list[str]:
        """What is done, in a few words each."""
        return [f"{name} is purged" for name in self.unwanted] + [f"{name} is installed" for name in self.lacking]

    def faults(self) -> list[str]:
        """Return everything that is wrong, as sentences."""
        return [f"{name} shall be installed and purged" for name in self._both]

    def act(self) -> str:
        """Purge, then install. Return a sentence about what failed, or nothing."""
        failed = self._apt("purge", self.unwanted)
        if failed or not self.lacking:
            return failed
        if not _is_fresh():
            # Without this apt calls a mirror that does not answer a success.
            failed = self._apt("update", ["--option=APT::Update::Error-Mode=any"])
        return failed or self._apt("install", ["--no-install-recommends", *self.lacking])

    def _apt(self, verb: str, words: list[str]) -> str:
        if not words:
            return ""
        code, out, err = self._run([*APT, verb, *words], environ_update={"DEBIAN_FRONTEND": "noninteractive"})
        return f"apt-get {verb} failed: {err.strip() or out.strip()}" if code else ""

    def _read(self, names: list[str]) -> dict[str, str]:
        """State by name, as dpkg has it; of names that it has never heard of it tells nothing."""
        if not names:
            return {}
        _, out, _ = self._run(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *names])
        return dict(line.split(" ", 1) for line in out.splitlines() if " " in line)


def _is_fresh() -> bool:
    """Whether there are package lists, and young ones; an image may come without any."""
    if not any(path.is_file() and path.name != "lock" for path in LISTS.glob("*")):
        return False
    return time.time() - LISTS.stat().st_mtime < LISTS_LAST_S
