"""Firmware versions, of which every maker has its own kind: `4.20.1`, `U41-2.84`, `0.52`."""

from __future__ import annotations

import re

_PIECES = re.compile(r"\d+|[A-Za-z]+")


def at_least(version: str, minimum: str) -> bool | None:
    """Whether `version` is as new as `minimum`; None if the two are of different kinds and cannot be compared.

    Numbers are compared as numbers and letters as letters, piece by piece; `4.2` is older than `4.2.1`.
    """
    found, wanted = _PIECES.findall(version), _PIECES.findall(minimum)
    if not found or not wanted:
        return None
    for one, other in zip(found, wanted, strict=False):
        if one.isdigit() != other.isdigit():
            return None
        left, right = (int(one), int(other)) if one.isdigit() else (one.lower(), other.lower())
        if left != right:
            # Other letters are another family of firmware: which is newer they do not say.
            return left > right if one.isdigit() else None
    return len(found) >= len(wanted)
