from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import pytest

from karst.provider.bounds import Bounds, DomainError


async def test_no_more_bmcs_at_once_than_files_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64 + 5 * 3, 20000))
    bounds = Bounds(1024, tmp_path)
    for _ in range(3):
        await asyncio.wait_for(bounds.slots.acquire(), 1)
    assert bounds.slots.locked()


async def test_a_failed_reset_ends_the_resets_of_its_domain_but_not_its_own_second_try(tmp_path: Path) -> None:
    bounds = Bounds(8, tmp_path)
    with pytest.raises(ValueError, match="broken"):
        async with bounds.resetting("rack:r1", "https://a"):
            raise ValueError("broken")
    with pytest.raises(DomainError, match="https://a"):
        async with bounds.resetting("rack:r1", "https://b"):
            pass
    async with bounds.resetting("rack:r2", "https://c"):
        pass
    async with bounds.resetting("rack:r1", "https://a"):
        pass
    async with bounds.resetting("rack:r1", "https://b"):
        pass
