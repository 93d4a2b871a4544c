"""YAML text to nodes that know their line: the YAML 1.2 core scalars, and nothing that could surprise or explode.

Refused, each with its line: anchors and aliases (a few lines can stand for gigabytes), tags, keys that are no text,
duplicate keys, several documents, deep nesting. `yes`, `on` and `12:30` are text, as in YAML 1.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from karst.site.problems import Problems

# Site files nest five deep; more than this is a mistake or an attack.
MAX_DEPTH = 32
# A site of 300,000 servers has 15,000 racks; their allocations take 2 MB.
MAX_BYTES = 16 * 2**20

Value: TypeAlias = "str | int | float | bool | list[Node] | dict[str, Node] | None"

_INTEGER = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# What YAML allows in a stream (1.2, production 1), less the byte order mark, which only the start may have.
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Node:
    """A value and the line it is written on; of an entry of a map, the line of its key.

    `unclear` is a value with a fault that is already told: a map of which not all keys are known, or a scalar that
    could not be worked out. Nothing else may be held against it.
    """

    line: int
    value: Value
    unclear: bool = False


@dataclass(slots=True)
class _Open:
    """A map or list that is being read; of a map, the key whose value comes next."""

    node: Node
    key: tuple[str, int] | None = None
    duplicate: set[str] = field(default_factory=set)


class _RefusedError(Exception):
    """The text cannot be read any further."""

    def __init__(self, line: int, what: str, expected: str) -> None:
        super().__init__(what)
        self.line, self.what, self.expected = line, what, expected


def plain(node: Node) -> object:
    """Return the node's value as plain dicts, lists and scalars."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    return value


def find(node: Node, path: tuple[str | int, ...]) -> Node:
    """Return the node at `path`, or the deepest one on the way to it that exists."""
    for step in path:
        value = node.value
        if isinstance(value, dict) and step in value:
            node = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            node = value[step]
        else:
            break
    return node


def decode(data: bytes, file: str, problems: Problems) -> str | None:
    """Return the text of a file, or nothing and a problem if it is not UTF-8 text of a sensible size."""
    if len(data) > MAX_BYTES:
        problems.error(file, 1, f"the file is {len(data) // 2**20} MiB long", f"at most {MAX_BYTES // 2**20} MiB")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.error(file, line, f"byte 0x{data[error.start]:02x} is not UTF-8", "text in UTF-8")
        return None
    odd = _NOT_PRINTABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        problems.error(file, line, f"character U+{ord(odd.group()):04X} is not printable", "text in UTF-8")
        return None
    return text


def compose(data: bytes, file: str, problems: Problems) -> Node | None:
    """Return the file's only document, or nothing if it cannot be read; problems say why."""
    text = decode(data, file, problems)
    if text is None:
        return None
    try:
        root = _Composer(file, problems).compose(text)
    except _RefusedError as refused:
        problems.error(file, refused.line, refused.what, refused.expected)
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = " ".join(part for part in (error.context, error.problem) if part)
        # At the file's end, libyaml's mark is on the line after the last.
        line = min(mark.line + 1 if mark else 1, max(1, len(text.splitlines())))
        problems.error(file, line, f"not YAML: {why}", "YAML (indent with blanks, quote odd text)")
        return None
    if root is None:
        problems.error(file, 1, "the file is empty", "a map that begins with `schema: 1`")
    return root


class _Composer:
    """Turns libyaml's events to nodes without recursion, so that no nesting can exhaust the stack."""

    def __init__(self, file: str, problems: Problems) -> None:
        self._file, self._problems = file, problems
        self._open: list[_Open] = []
        self._root: Node | None = None

    def compose(self, text: str) -> Node | None:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._start(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self._open.pop()
            elif isinstance(event, yaml.AliasEvent):
                raise _RefusedError(
                    _line(event), f"alias *{event.anchor}", "every value written out, without anchors or aliases"
                )
            elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
                raise _RefusedError(_line(event), "a second document begins", "one document a file")
        return self._root

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_extras(event)
        line = _line(event)
        if self._awaits_key():
            self._key(event.value, line)
        else:
            self._add(Node(line, _resolve(event.value, line) if event.implicit[0] else event.value))

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._refuse_extras(event)
        line = _line(event)
        if self._awaits_key():
            raise _RefusedError(line, "a key that is a map or a list", "keys that are text")
        if len(self._open) >= MAX_DEPTH:
            raise _RefusedError(line, f"nested more than {MAX_DEPTH} deep", "maps and lists as docs/site.md shows them")
        node = Node(line, {} if isinstance(event, yaml.MappingStartEvent) else [])
        self._add(node)
        self._open.append(_Open(node))

    def _refuse_extras(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.anchor is not None:
            raise _RefusedError(
                _line(event), f"anchor &{event.anchor}", "every value written out, without anchors or aliases"
            )
        if event.tag is not None:
            raise _RefusedError(_line(event), f"tag {event.tag}", "plain values without tags")

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].node.value, dict) and self._open[-1].key is None

    def _key(self, key: str, line: int) -> None:
        top = self._open[-1]
        assert isinstance(top.node.value, dict)  # noqa: S101 - _awaits_key has looked
        if key in top.node.value:
            first = top.node.value[key].line
            self._problems.error(self._file, line, f'duplicate key "{key}", first on line {first}', "every key once")
            top.node.unclear = True
        top.key = (key, line)

    def _add(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        top = self._open[-1]
        if isinstance(top.node.value, list):
            top.node.value.append(node)
        elif isinstance(top.node.value, dict) and top.key is not None:
            key, node.line = top.key
            top.node.value.setdefault(key, node)
            top.key = None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _resolve(text: str, line: int) -> str | int | float | bool | None:
    """Return a plain scalar's value by the core schema of YAML 1.2 (10.3.2); infinity and NaN stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        if len(text) > 18:
            raise _RefusedError(line, f"the number {text[:18]}… is too long", "a number below 10^18, or text in quotes")
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.match(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise _RefusedError(line, f"the number {text[:18]} is too large", "a finite number")
        return number
    return text
