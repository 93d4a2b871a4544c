"""One lab for all tests of `group`: built once, then looked at and changed, and put back by who changed it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.stacks.clone import KARST, Clone, Run


@dataclass(frozen=True, slots=True)
class Lab:
    """The clone; its first `karst up`, and every argument and variable (NAME=value) of its processes meanwhile."""

    clone: Clone
    first: Run
    words: set[str]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab on its twin, as `karst up` built it."""
    clone = Clone.create(tmp_path_factory.mktemp("lab"))
    try:
        first, words = clone.run_watched(KARST, "up")
        assert first.status == 0, first.all
        yield Lab(clone, first, words)
    finally:
        clone.karst("down", "--force")


@pytest.fixture
def lab(built: Lab) -> Clone:
    """Its clone."""
    return built.clone
