"""The BMCs' own event loop, in a thread of its own, so that a thousand of them never keep the engine waiting.

gRPC takes in one call a turn of its loop. With a hall's BMCs in the same loop a turn takes half a second, so the last
racks began half a minute late, or never: after 30 s unheard a call is cancelled.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Work:
    """Runs coroutines there, and what they say here."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="bmcs", daemon=True).start()

    async def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run it among the BMCs; cancelling this cancels it."""
        return await _across(coroutine, self._loop)

    def soon(self, what: Callable[[], object]) -> None:
        """Call it among the BMCs."""
        self._loop.call_soon_threadsafe(what)

    async def end(self, patience_s: float) -> None:
        """Cancel all that is under way, and wait for it, but not for ever."""
        await self.do(_cancel_all(patience_s))


def here(say: Callable[[str], Coroutine[Any, Any, None]]) -> Callable[[str], Coroutine[Any, Any, None]]:
    """A voice that may be used among the BMCs and speaks from the loop that runs now."""
    loop = asyncio.get_running_loop()

    async def said(sentence: str) -> None:
        await _across(say(sentence), loop)

    return said


async def _across(coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))


async def _cancel_all(patience_s: float) -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=patience_s)
