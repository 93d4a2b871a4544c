"""One file of a site: read, composed, expanded, validated; and of a file with faults, whatever of it is sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from karst.site.base import SiteFile
from karst.site.expand import expand
from karst.site.problems import Problems
from karst.site.sentences import Location, show, tell
from karst.site.yaml import MAX_BYTES, Node, compose, find, plain

# Forms of the files that this Karst reads.
SCHEMA_VERSIONS = (1,)

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document(Generic[M]):
    """A file as far as it could be read.

    `model` holds what is sound: entries with faults are left out, so that the rest can still be checked against other
    files. It is nothing if no such rest exists. `names` still knows the names of faulty entries.
    """

    file: str
    form: type[M]
    written: Node | None  # before short forms were expanded
    root: Node | None
    model: M | None

    def line(self, *path: str | int) -> int:
        """Return the line of what stands at `path`, or of the nearest thing around it; 1 if nothing is known."""
        return find(self.root, path).line if self.root else 1

    def names(self, key: str) -> frozenset[str] | None:
        """Return the names in the map `key`, or nothing if they cannot all be known."""
        entries = self._entries(self.root)
        if entries is None:
            return None
        if key not in entries:
            return None if self.form.model_fields[key].is_required() else frozenset()
        value = entries[key].value
        return frozenset(value) if isinstance(value, dict) and not entries[key].unclear else None

    @staticmethod
    def _entries(node: Node | None) -> dict[str, Node] | None:
        return node.value if node and isinstance(node.value, dict) else None


def read_bytes(path: Path, file: str, problems: Problems, absent: bytes | None = None) -> bytes | None:
    """Return a file's bytes (one more than allowed at most), or nothing and a problem; `absent` if it is not there."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if absent is not None:
            return absent
        written = "`karst allocate` to have been run" if file == "allocations.yml" else None
        expected = written or f"{file} (docs/site.md shows what belongs in it)"
        problems.error(file, 1, "the file does not exist", expected)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.error(file, 1, f"the file cannot be read: {reason}", "a readable file")
    return None


def read(path: Path, file: str, model: type[M], problems: Problems, absent: bytes | None = None) -> Document[M]:
    """Return the file at `path` as a `model`, called `file` in problems; `absent` stands for one that is not there."""
    data = read_bytes(path, file, problems, absent)
    written = compose(data, file, problems) if data is not None else None
    # Short forms are Karst's own; files of the device type library pass as they are.
    root = expand(written, file, problems) if written and issubclass(model, SiteFile) else written
    if root is None:
        return Document(file, model, written, None, None)
    if not _schema_known(root, model, file, problems):
        return Document(file, model, written, None, None)
    return Document(file, model, written, root, _validate(root, model, file, problems))


def _schema_known(root: Node, model: type[BaseModel], file: str, problems: Problems) -> bool:
    """Pass: the form is one that Karst knows. With another, every further fault would be a guess."""
    if "schema_version" not in model.model_fields or not isinstance(root.value, dict) or "schema" not in root.value:
        return True
    node = root.value["schema"]
    if type(node.value) is int and node.value in SCHEMA_VERSIONS:
        return True
    known = ", ".join(map(str, SCHEMA_VERSIONS))
    problems.error(
        file, node.line, f"schema version {show(plain(node))} is not known", f"a version that this Karst knows: {known}"
    )
    return False


def _validate(root: Node, model: type[M], file: str, problems: Problems) -> M | None:
    try:
        return model.model_validate_json(orjson.dumps(plain(root)), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    tell(errors, model, root, file, problems)
    sound = plain(root)
    for each in errors:
        _leave_out(sound, each["loc"], each["type"])
    try:
        return model.model_validate_json(orjson.dumps(sound), strict=True)
    except ValidationError:
        return None


def _leave_out(value: object, location: Location, kind: str) -> None:
    """Remove the unknown key, or else the entry (`halls.h1`) that the fault lies in."""
    path = location if kind == "extra_forbidden" else location[:2]
    for step in path[:-1]:
        if not isinstance(value, dict) or step not in value:
            return
        value = value[step]
    if path and isinstance(value, dict):
        value.pop(path[-1], None)
