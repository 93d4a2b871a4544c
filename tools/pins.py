"""The pins: which tools, which versions, how each is built and recognised. Read from `pins.toml`."""

from __future__ import annotations

import hashlib
import json
import platform
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Raised when the way of building changes, so that caches made the old way are not taken for the new.
RECIPE = "1"


@dataclass(frozen=True)
class Script:
    """A script that lies inside a Go module and is copied beside the tool."""

    module: str  # "path@version"
    path: str


@dataclass(frozen=True)
class Pin:
    """One tool. `seconds` is its cold build on two cores."""

    name: str
    version: str
    folder: Path
    package: str
    ldflags: str
    seconds: float
    version_command: tuple[str, ...]
    version_pattern: str
    beside: str
    scripts: tuple[Script, ...]

    @property
    def key(self) -> str:
        """Name, version and a hash of all that decides what is built: pin, sources' sums, recipe, machine type."""
        digest = hashlib.sha256()
        pin = {key: value for key, value in asdict(self).items() if key not in ("folder", "seconds")}
        digest.update(json.dumps([pin, RECIPE, platform.system(), platform.machine()], sort_keys=True).encode())
        for file in sorted(self.folder.iterdir()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        return f"{self.name}-{self.version}-{digest.hexdigest()[:12]}"


def load(file: Path = HERE / "pins.toml") -> tuple[Pin, ...]:
    """All pins in the file's order, which is the order of building. Folders lie in `go/` beside the file."""
    tables = tomllib.loads(file.read_text())
    return tuple(
        Pin(
            name=name,
            version=table["version"],
            folder=file.parent / "go" / table["folder"],
            package=table["package"],
            ldflags=table.get("ldflags", ""),
            seconds=table["seconds"],
            version_command=tuple(table.get("version_command", ())),
            version_pattern=table.get("version_pattern", ""),
            beside=table.get("beside", ""),
            scripts=tuple(Script(**script) for script in table.get("scripts", ())),
        )
        for name, table in tables.items()
    )
