"""What a resource's operation works with and what it hands back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from karst.provider.bounds import Bounds
from karst.provider.config import Configuration


class Refused(Exception):  # noqa: N818  # not an error of ours: the operation is refused
    """The operation is refused; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Result:
    """Id, outputs and, where they are not as given, inputs."""

    id: str
    outputs: Mapping[str, Any]
    inputs: Mapping[str, Any] | None = None


class PartialError(Exception):
    """Some of it failed. What was done is in `result`, what was not in `reasons`."""

    def __init__(self, result: Result, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.result = result
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Context:
    """The configured provider and its voices: `tell` is heard by who watches just then, the others are kept."""

    configuration: Configuration
    bounds: Bounds
    warn: Callable[[str], Awaitable[None]]
    inform: Callable[[str], Awaitable[None]]
    tell: Callable[[str], Awaitable[None]]
