"""Short forms, expanded here and nowhere else: one written entry that stands for many.

`h[01-50]-r[1-5]` as a key, or as an item of a list, stands for every combination; `[a,b]` and `[1-3,7]` list and mix.
Zeros in front are kept. In the value, `$1` is what the first bracket gave, `$2` the second, counted from the outermost
entry inwards. A value that is nothing but such an expression may reckon in whole numbers: `$1*2-1`, `$1+3`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from karst.site.problems import Problems
from karst.site.yaml import Node

# Values that a file's short forms may stand for. Qixing needs some 10,000; [1-999999999] should not fill memory.
MAX_VALUES = 500_000

_SHORT = re.compile(r"[a-z0-9$-]*(\[[^\[\]]*\][a-z0-9$-]*)+\Z")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_PART = re.compile(r"(?P<first>[0-9]{1,9})-(?P<last>[0-9]{1,9})\Z|[a-zA-Z0-9]+\Z")
_EXPRESSION = re.compile(r"\$([1-9])((?:[*+-][0-9]{1,9})*)\Z")
_TERM = re.compile(r"([*+-])([0-9]+)")
_REFERENCE = re.compile(r"\$([1-9])")


class _TooManyError(Exception):
    """The file's short forms stand for more than MAX_VALUES values."""


def expand(root: Node, file: str, problems: Problems) -> Node | None:
    """Return the tree with every short form written out, or nothing if that would be too much; lines stay.

    `assumed` is left as written: its keys are paths, and may name a short form as a whole.
    """
    expansion = _Expansion(file, problems)
    try:
        return expansion.top(root)
    except _TooManyError:
        problems.error(file, expansion.line, f"short forms stand for more than {MAX_VALUES} values", "shorter ranges")
        return None


class _Expansion:
    def __init__(self, file: str, problems: Problems) -> None:
        self._file, self._problems = file, problems
        self._values = 0
        self.line = 1

    def top(self, root: Node) -> Node:
        if not isinstance(root.value, dict):
            return root
        entries = {key: child if key == "assumed" else self._node(child, ()) for key, child in root.value.items()}
        return Node(root.line, entries, root.unclear)

    def _count(self, values: int, line: int) -> None:
        self._values += values
        self.line = line
        if self._values > MAX_VALUES:
            raise _TooManyError

    def _node(self, node: Node, given: tuple[str, ...]) -> Node:
        self._count(1, node.line)
        value = node.value
        if isinstance(value, dict):
            return self._map(node, value, given)
        if isinstance(value, list):
            return Node(node.line, self._list(value, given))
        if isinstance(value, str) and given and "$" in value:
            before = len(self._problems)
            return Node(node.line, self._value(value, given, node.line), unclear=len(self._problems) > before)
        return node

    def _map(self, node: Node, entries: dict[str, Node], given: tuple[str, ...]) -> Node:
        expanded: dict[str, Node] = {}
        unclear = node.unclear
        for written, child in entries.items():
            before = len(self._problems)
            names = list(self._names(written, given, child.line))
            unclear = unclear or len(self._problems) > before
            for key, inner in names:
                if key in expanded:
                    first = expanded[key].line
                    self._problems.error(
                        self._file,
                        child.line,
                        f'"{written}" stands for "{key}" again, first on line {first}',
                        "every key once",
                    )
                    unclear = True
                    continue
                expanded[key] = self._node(child, inner)
        return Node(node.line, expanded, unclear)

    def _list(self, items: list[Node], given: tuple[str, ...]) -> list[Node]:
        expanded = []
        for item in items:
            if isinstance(item.value, str) and "[" in item.value:
                self._count(1, item.line)
                expanded += [Node(item.line, name) for name, _ in self._names(item.value, given, item.line)]
            else:
                expanded.append(self._node(item, given))
        return expanded

    def _names(self, written: str, given: tuple[str, ...], line: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each name that `written` stands for, and what the brackets so far gave."""
        text = self._text(written, given, line) if given and "$" in written else written
        if "[" not in text:
            yield text, given
            return
        choices = self._choices(text, line)
        if choices is None:
            yield text, given  # the model says what is wrong with the name, should it be one
            return
        pieces = _BRACKET.split(text)[0::2]
        self._problems.short_forms.add((self._file, line))
        for chosen in product(*choices):
            name = "".join(part for pair in zip(pieces, (*chosen, ""), strict=True) for part in pair)
            yield name, given + chosen

    def _choices(self, text: str, line: int) -> list[list[str]] | None:
        if not _SHORT.match(text):
            return None
        choices, total = [], 1
        for inside in _BRACKET.findall(text):
            sizes = [_size(part.strip()) for part in inside.split(",")]
            if 0 in sizes:
                self._problems.error(
                    self._file,
                    line,
                    f'"[{inside}]" in "{text}" is no range',
                    "a range like [1-5] or [01-50], or a list like [a,b]",
                )
                return [[]]
            total *= sum(sizes)
            if total > MAX_VALUES:
                self._count(total, line)
            choices.append([name for part in inside.split(",") for name in _part(part.strip())])
        self._count(total, line)
        return choices

    def _value(self, text: str, given: tuple[str, ...], line: int) -> str | int:
        expression = _EXPRESSION.match(text)
        if not expression:
            return self._text(text, given, line)
        chosen = self._text(f"${expression[1]}", given, line)
        if chosen.isdecimal():
            return _reckon(int(chosen), expression[2])
        if expression[2] and chosen:
            self._problems.error(self._file, line, f'"{text}" reckons with "{chosen}"', "a bracket that gives numbers")
        return chosen

    def _text(self, text: str, given: tuple[str, ...], line: int) -> str:
        def chosen(match: re.Match[str]) -> str:
            index = int(match[1]) - 1
            if index < len(given):
                return given[index]
            self._problems.error(
                self._file, line, f'"{match[0]}" in "{text}" has no bracket to stand for', f"$1 to ${len(given)}"
            )
            return match[0]

        return _REFERENCE.sub(chosen, text)


def _size(part: str) -> int:
    """Return how many names a part of a bracket stands for; 0 if it is none."""
    match = _PART.match(part)
    if not match:
        return 0
    if match["first"] is None:
        return 1
    return max(0, int(match["last"]) - int(match["first"]) + 1)


def _part(part: str) -> list[str]:
    match = _PART.match(part)
    if match is None or match["first"] is None:
        return [part]
    width = len(match["first"])
    return [f"{number:0{width}d}" for number in range(int(match["first"]), int(match["last"]) + 1)]


def _reckon(number: int, terms: str) -> int:
    """Reckon from left to right, `*` before `+` and `-` as everywhere."""
    total, factor, sign = 0, number, 1
    for operator, text in _TERM.findall(terms):
        if operator == "*":
            factor *= int(text)
        else:
            total, factor, sign = total + sign * factor, int(text), 1 if operator == "+" else -1
    return total + sign * factor
