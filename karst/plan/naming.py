"""The order in which names are listed."""

from __future__ import annotations

import re
from functools import lru_cache

_NUMBER = re.compile(r"(\d+)")


@lru_cache(maxsize=4096)
def natural(name: str) -> tuple[tuple[str, int], ...]:
    """Return a sort key by which `B2` comes before `B10`."""
    parts = _NUMBER.split(name)
    return tuple((text, int(number)) for text, number in zip(parts[0::2], [*parts[1::2], "-1"], strict=True))
