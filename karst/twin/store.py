"""Where the twin's state lies: one SQLite file, written before an answer leaves."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from pathlib import Path


class Store:
    """Sections of state by device, as JSON bytes.

    `put` collects, `flush` writes all collected in one transaction. WAL with synchronous=NORMAL: what was flushed
    survives the death of this process, not that of the machine, which is what a twin needs.
    """

    def __init__(self, path: Path) -> None:
        # Keys of certificates lie in here: nobody else's business, from the first byte.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS state (device TEXT, section TEXT, body BLOB, PRIMARY KEY (device, section))"
            " WITHOUT ROWID"
        )
        self._pending: dict[tuple[str, str], bytes] = {}

    def load(self) -> dict[str, dict[str, bytes]]:
        """Everything stored, device -> section -> JSON."""
        found: dict[str, dict[str, bytes]] = defaultdict(dict)
        for device, section, body in self._db.execute("SELECT device, section, body FROM state"):
            found[device][section] = body
        return found

    def section(self, device: str, section: str) -> bytes | None:
        """One section of one device as stored."""
        row = self._db.execute("SELECT body FROM state WHERE device = ? AND section = ?", (device, section)).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, device: str, section: str, body: bytes) -> None:
        """Replace a section at the next flush."""
        self._pending[device, section] = body

    def flush(self) -> None:
        """Write what was put since the last flush."""
        if not self._pending:
            return
        rows = [(device, section, body) for (device, section), body in self._pending.items()]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", rows)
        self._db.execute("COMMIT")
        self._pending.clear()

    def close(self) -> None:
        """Flush and let go."""
        self.flush()
        self._db.close()
