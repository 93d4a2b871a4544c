"""Versions of firmware, of whatever kind."""

from __future__ import annotations

import pytest

from karst.verify.versions import at_least


@pytest.mark.parametrize(
    ("version", "minimum", "expected"),
    [
        ("4.20.1", "4.10.0", True),
        ("4.9.9", "4.10.0", False),
        ("4.10.0", "4.10.0", True),
        ("4.10", "4.10.0", False),
        ("4.10.0.1", "4.10.0", True),
        ("U41-2.84", "U41-2.80", True),
        ("U41-2.8", "U41-2.80", False),
        ("u41-2.80", "U41-2.80", True),
        ("P89-2.84", "U41-2.80", None),
        ("2.84", "U41-2.80", None),
        ("0.52", "0.45", True),
        ("2.06", "1.98", True),
        ("2.80b", "2.80", True),
        ("2.80a", "2.80b", None),
        ("", "1.0", None),
        ("N/A", "1.0", None),
    ],
)
def test_at_least(version: str, minimum: str, expected: bool | None) -> None:
    assert at_least(version, minimum) is expected
