"""What an engine run says of itself: its event log, read while it is written.

The form is Pulumi's `apitype.EngineEvent` (sdk/go/common/apitype/events.go), a JSON object a line.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

# Operations that leave the world as it is: `refresh` and `read` look, `same` finds nothing to do.
_HARMLESS = frozenset({"same", "read", "refresh"})


@dataclass(slots=True)
class Run:
    """What an engine run has done so far."""

    log: Path  # the engine's whole output
    begun: Counter[str] = field(default_factory=Counter)  # resource type -> operations begun
    done: Counter[str] = field(default_factory=Counter)  # resource type -> operations ended well
    changed: dict[str, str] = field(default_factory=dict)  # resource name -> operation that changes it
    differing: dict[str, tuple[str, ...]] = field(default_factory=dict)  # resource name -> property paths
    drifted: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the same, found by the refresh
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    informed: list[str] = field(default_factory=list)  # what our provider said of a resource beside its properties
    told: str = ""  # the last word on how far the work on a resource has come
    counts: Counter[str] = field(default_factory=Counter)  # operation -> resources, at the end

    @property
    def changes(self) -> int:
        """Resources that the run changed, or would change."""
        return sum(self.changing.values())

    @property
    def changing(self) -> dict[str, int]:
        """The same by operation."""
        return {
            operation: count for operation, count in sorted(self.counts.items()) if count and operation not in _HARMLESS
        }

    def take(self, event: dict[str, Any]) -> None:
        """Account for one event."""
        if step := event.get("resourcePreEvent"):
            self._begin(step["metadata"])
        elif step := event.get("resOutputsEvent"):
            self._end(step["metadata"])
        elif said := event.get("diagnosticEvent"):
            self._hear(said)
        elif summary := event.get("summaryEvent"):
            self.counts.update(summary.get("resourceChanges") or {})
        elif fault := event.get("errorEvent"):
            self.errors.append(str(fault.get("error", "")).strip())

    def _begin(self, step: dict[str, Any]) -> None:
        self.begun[step["type"]] += 1
        name = _name(step["urn"])
        if step["op"] not in _HARMLESS:
            self.changed[name] = step["op"]
        if paths := tuple(sorted(step.get("detailedDiff") or {})):
            self.differing[name] = paths

    def _end(self, step: dict[str, Any]) -> None:
        self.told = ""
        if step["op"] != "refresh":
            self.done[step["type"]] += 1
        paths = tuple(sorted(step.get("detailedDiff") or {}))
        if step["op"] == "refresh" and paths:
            self.drifted[_name(step["urn"])] = paths

    def _hear(self, said: dict[str, Any]) -> None:
        message = str(said.get("message", "")).strip()
        if message and said.get("ephemeral") and said.get("severity") == "info" and said.get("urn"):
            self.told = f"{_name(said['urn'])}: {message}"
            return
        if message and said.get("severity") == "info" and "::karst:" in said.get("urn", ""):
            self.informed.append(message)
        elif message and said.get("severity") == "error":
            self.errors.append(message)
        elif message and said.get("severity") == "warning" and "from $PATH" not in message:
            self.warnings.append(message)  # that our provider is found on PATH is as it should be


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


class Follower:
    """Reads the lines that were added to a growing file; a line that is not yet whole waits for its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def lines(self) -> list[bytes]:
        """Whole lines added since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                added = file.read()
        except FileNotFoundError:
            return []
        self._offset += len(added)
        *whole, self._rest = (self._rest + added).split(b"\n")
        return whole

    def events(self) -> list[dict[str, Any]]:
        """The added lines as events."""
        return [orjson.loads(line) for line in self.lines() if line.strip()]
