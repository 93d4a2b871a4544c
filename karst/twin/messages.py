"""A request as the tree sees it, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from karst.twin.state import Json

JSON = "application/json; charset=utf-8"


@dataclass(slots=True)
class Ask:
    """A request. `path` has no slash at its end; header names are lower-case. `account` is who asks, an id."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    account: str = ""


@dataclass(slots=True)
class Answer:
    """A response. `text` takes the place of `body` where it is not JSON."""

    status: int = 200
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    type: str = JSON


@dataclass(frozen=True, slots=True)
class Change:
    """A change that was checked and not yet made. `arguments` are JSON, for it may wait in a task."""

    operation: str
    arguments: Json
    created: str = ""  # path of the resource that it makes
    answer: Answer | None = None  # in place of the usual one
