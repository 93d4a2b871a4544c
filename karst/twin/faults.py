"""Latency and faults as data: rules that say what goes wrong where, and how often."""

from __future__ import annotations

import random
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, TypeAdapter

from karst.files import write_private
from karst.twin.state import Json


class Fault(BaseModel):
    """A rule: what goes wrong with requests whose device, path and method match.

    In this order: wait, hang, reset, answer, lose the answer.

    `after` matching requests pass first, then `times` are hit (unset: all), each with `probability`, drawn from a
    generator seeded with `seed`, the device and the rule's matches, so that a run can be repeated.
    """

    model_config = ConfigDict(extra="forbid")

    device: str = "*"  # glob of the device's name
    path: str = "*"  # glob of the path, without a slash at its end
    method: str = "*"  # glob of the method
    delay_s: Annotated[float, Field(ge=0)] = 0
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    reset: bool = False  # drop the connection
    hang: bool = False  # never answer
    lost: bool = False  # act, and drop the connection instead of answering
    body: dict[str, Any] | None = None  # merged into the answer of a GET, RFC 7386
    times: Annotated[int, Field(ge=0)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1
    seed: int = 0
    after: Annotated[int, Field(ge=0)] = 0
    per_device: bool = True  # count `times` and `after` for each device apart

    _seen: dict[str, int] = PrivateAttr(default_factory=dict)
    _hits: dict[str, int] = PrivateAttr(default_factory=dict)

    def strikes(self, device: str, path: str, method: str) -> bool:
        """Whether the rule acts on this request; counts it."""
        if not (fnmatchcase(device, self.device) and fnmatchcase(path, self.path) and fnmatchcase(method, self.method)):
            return False
        key = device if self.per_device else ""
        seen = self._seen[key] = self._seen.get(key, 0) + 1
        if seen <= self.after or (self.times is not None and self._hits.get(key, 0) >= self.times):
            return False
        if self.probability >= 1:
            self._hits[key] = self._hits.get(key, 0) + 1
            return True
        draw = random.Random(f"{self.seed}/{device}/{seen}").random()  # noqa: S311  # repeatable, not secret
        if draw >= self.probability:
            return False
        self._hits[key] = self._hits.get(key, 0) + 1
        return True


RULES = TypeAdapter(list[Fault])


class Faults:
    """The rules in force, kept in a file."""

    def __init__(self, path: Path) -> None:
        """Raises pydantic's ValidationError if the file holds no rules."""
        self._path = path
        self.rules: list[Fault] = RULES.validate_json(path.read_bytes()) if path.exists() else []

    def replace(self, rules: list[Fault]) -> None:
        """Put other rules in force."""
        self.rules = rules
        write_private(self._path, orjson.dumps(self.body(), option=orjson.OPT_INDENT_2))

    def body(self) -> list[Json]:
        """The rules as JSON."""
        return [rule.model_dump(exclude_defaults=True) for rule in self.rules]

    def striking(self, device: str, path: str, method: str) -> list[Fault]:
        """The rules that act on this request."""
        if not self.rules:
            return []
        return [rule for rule in self.rules if rule.strikes(device, path, method)]


def merge_patch(target: Any, patch: Any) -> Any:  # JSON of any form
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge_patch(made.get(key), value)
    return made
