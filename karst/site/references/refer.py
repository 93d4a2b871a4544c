"""The one way in which a reference is checked and a dangling one told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from karst.site.problems import Problems, nearest, one_of
from karst.site.read import Document
from karst.site.sentences import place

Path = tuple[str | int, ...]


def refer(
    document: Document[Any],
    path: Path,
    name: str,
    noun: str,
    known: Collection[str] | None,
    problems: Problems,
) -> bool:
    """Pass: `name`, written at `path`, is among `known`, or nobody can tell as that file could not be read.

    Returns whether `name` is known.
    """
    if known is None:
        return False
    if name in known:
        return True
    problems.error(
        document.file,
        document.line(*path),
        f'{place(path)}: there is no {noun} "{name}"',
        one_of(known, f"{noun}s") + nearest(name, known),
    )
    return False


def refer_all(
    document: Document[Any],
    path: Path,
    names: Collection[str],
    noun: str,
    known: Collection[str] | None,
    problems: Problems,
) -> None:
    """Check a list of references, and that none stands twice."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        here = (*path, index)
        refer(document, here, name, noun, known, problems)
        if name in seen:
            problems.error(
                document.file, document.line(*here), f'{place(path)} names "{name}" twice', "every name once"
            )
        seen.add(name)
