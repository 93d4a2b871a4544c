"""What all tests share: `--accept` writes what was found as what is expected; `git diff` then shows what changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--accept`."""
    parser.addoption("--accept", action="store_true", help="rewrite the expected files with what was found")


@pytest.fixture
def expect(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Return a function that compares a text with an expected file, or writes it with `--accept`."""
    accept = request.config.getoption("--accept")

    def compare(path: Path, found: str) -> None:
        if accept:
            path.write_text(found, encoding="utf-8")
        assert path.is_file(), f"{path} is not there; --accept writes it"
        assert found == path.read_text(encoding="utf-8")

    return compare
