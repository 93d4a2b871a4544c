from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab import Lab, lab


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Lab]:
    """The lab's twin, fresh from the factory."""
    with lab(tmp_path) as made:
        yield made
