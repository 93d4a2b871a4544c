"""What a probe printed: files and commands as they were, each with its text or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from pydantic import TypeAdapter, ValidationError, with_config

SAID_MAX = 160  # of a device's own words in a sentence


class NoDocumentError(ValueError):
    """What a probe printed is none of its documents."""


@with_config({"extra": "ignore"})
@dataclass(frozen=True, slots=True)
class _Said:
    """A file or command of the probe; `fault` says why there is neither."""

    text: str = ""
    errors: str = ""
    status: int = 0
    fault: str = ""


_SAID: TypeAdapter[dict[str, _Said]] = TypeAdapter(dict[str, _Said])


@dataclass(slots=True)
class Reading:
    """What a probe told, and `gaps`: a section of the observation and why it is not there."""

    said: Mapping[str, _Said]
    gaps: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, section: str, *, any_status: bool = False) -> str | None:
        """A part's text; None, and a gap in `section`, where there is none."""
        found = self.said.get(name, _Said(fault=f"the probe did not tell {name}"))
        failed = bool(found.status) and not any_status
        if found.fault or failed:
            words = found.errors or found.text or f"exit status {found.status}"
            self.gaps[section] = found.fault or f"{name} failed: {words[:SAID_MAX]}"
            return None
        return found.text


def reading_of(printed: bytes) -> Reading:
    """Return what a probe's document tells. Raises NoDocumentError."""
    try:
        return Reading(_SAID.validate_python(orjson.loads(printed)))
    except (orjson.JSONDecodeError, ValidationError):
        said = printed[:SAID_MAX].decode(errors="replace").strip() or "nothing"
        raise NoDocumentError(f"the host answered no document of the probe, but: {said}") from None
