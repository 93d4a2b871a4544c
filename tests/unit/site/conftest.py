"""A copy of a small sound site that tests may change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from karst.site.load import load
from karst.site.model import Site

BASE = Path(__file__).parents[2] / "errors" / "base"


@pytest.fixture
def site_dir(tmp_path: Path) -> Path:
    """Return the folder of a site named `base`, its hardware in `hardware/` inside it."""
    return Path(shutil.copytree(BASE, tmp_path / "base"))


@pytest.fixture
def load_site(site_dir: Path) -> Callable[[], Site]:
    """Return a function that loads the site as it is now."""
    return lambda: load(site_dir, site_dir / "hardware")
