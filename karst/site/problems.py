"""Problems: what is wrong, where, and what was expected, as sentences; all of them at once. See docs/site.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

Severity = Literal["error", "warning"]

# Of 100. Below this likeness a suggestion is more often a nuisance than a help: "hal" for "halls" is 75.
LIKENESS = 60

# A short form that stands for 250 entries would say the same thing 250 times.
SAID_PER_SHORT_FORM = 3


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault. `file` is relative to the site (or `hardware/…`), `line` counts from 1."""

    file: str
    line: int
    what: str
    expected: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        word = "warning: " if self.severity == "warning" else ""
        expected = f"; expected {self.expected}" if self.expected else ""
        return f"{self.file}:{self.line}: {word}{self.what}{expected}"


class SiteError(Exception):
    """A site that cannot be used, with every fault found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Problems:
    """Gathers problems. Lines named in `short_forms` stand for many entries and are not repeated without end."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self.short_forms: set[tuple[str, int]] = set()

    def error(self, file: str, line: int, what: str, expected: str = "") -> None:
        """Add an error."""
        self._found[Problem(file, line, what, expected)] = None

    def warn(self, file: str, line: int, what: str, expected: str = "") -> None:
        """Add a warning."""
        self._found[Problem(file, line, what, expected, "warning")] = None

    def __len__(self) -> int:
        return len(self._found)

    def errors(self) -> bool:
        """Whether anything worse than a warning was found."""
        return any(problem.severity == "error" for problem in self._found)

    def all(self) -> tuple[Problem, ...]:
        """Return every problem by file and line; those of a short form are counted after the third."""
        said: Counter[tuple[str, int]] = Counter()
        kept = []
        for problem in sorted(self._found):
            place = (problem.file, problem.line)
            said[place] += 1
            if place not in self.short_forms or said[place] <= SAID_PER_SHORT_FORM:
                kept.append(problem)
        for (file, line), count in said.items():
            if (file, line) in self.short_forms and count > SAID_PER_SHORT_FORM:
                more = count - SAID_PER_SHORT_FORM
                kept.append(
                    Problem(file, line, f"… and {more} more like these, as the line is a short form for many entries")
                )
        return tuple(sorted(kept, key=lambda problem: (problem.file, problem.line)))


def likest(name: str, candidates: Collection[str]) -> str | None:
    """Return the candidate most like `name`, or nothing if none is like it."""
    found = process.extractOne(name, sorted(candidates), scorer=fuzz.ratio, score_cutoff=LIKENESS)
    return found[0] if found else None


def nearest(name: str, candidates: Collection[str]) -> str:
    """Return `; did you mean "…"?` for the candidate most like `name`, or nothing if none is like it."""
    found = likest(name, candidates)
    return f'; did you mean "{found}"?' if found else ""


def one_of(candidates: Collection[str], noun: str = "") -> str:
    """Return what to write: the names themselves if they are few, else how many `noun` (a plural) there are."""
    names = sorted(candidates)
    if not names:
        return f"one of the {noun}, but there are none" if noun else "nothing"
    if len(names) > 12:
        return f"one of the {len(names)} {noun}".rstrip() if noun else f"one of {len(names)} names"
    return "one of " + ", ".join(names) if len(names) > 1 else names[0]
