"""How many TLS handshakes at once: a thousand begun together would each take as long as all of them."""

from __future__ import annotations

import asyncio
from time import monotonic
from types import SimpleNamespace
from typing import Any

import aiohttp

# A handshake costs us about 2 ms of a processor and an old BMC up to half a second of waiting: this many keep a
# processor busy with such BMCs, and with quick ones none waits for long enough to be taken for dead.
HANDSHAKES = 128


class Handshakes:
    """One for all connections of a process. Hand `trace` to each session and a Turn to each request."""

    def __init__(self, at_once: int = HANDSHAKES) -> None:
        self.slots = asyncio.Semaphore(at_once)
        self.trace = aiohttp.TraceConfig()
        self.trace.on_connection_create_start.append(_before)
        self.trace.on_connection_create_end.append(_after)
        self.trace.on_connection_reuseconn.append(_after)

    def turn(self, timeout_s: float) -> Turn:
        """For one request: `async with handshakes.turn(30) as turn: session.request(…, trace_request_ctx=turn)`."""
        return Turn(self.slots, timeout_s)


class Turn:
    """One request's. Its timeout (TimeoutError) begins when its turn has come; waiting for others is no BMC's fault."""

    def __init__(self, slots: asyncio.Semaphore, timeout_s: float) -> None:
        self._slots = slots
        self._timeout_s = timeout_s
        self._scope = asyncio.timeout(None)
        self._held = False
        self.connected_at = monotonic()

    async def __aenter__(self) -> Turn:
        await self._scope.__aenter__()
        return self

    async def __aexit__(self, kind: Any, fault: BaseException | None, trace: Any) -> None:
        self._release()
        await self._scope.__aexit__(kind, fault, trace)

    async def begin(self) -> None:
        """A connection has to be made."""
        await self._slots.acquire()
        self._held = True
        self._scope.reschedule(asyncio.get_running_loop().time() + self._timeout_s)

    def connected(self) -> None:
        """There is a connection."""
        self.connected_at = monotonic()
        if not self._held:
            self._scope.reschedule(asyncio.get_running_loop().time() + self._timeout_s)
        self._release()

    def _release(self) -> None:
        if self._held:
            self._held = False
            self._slots.release()


async def _before(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:  # noqa: ARG001
    await context.trace_request_ctx.begin()


async def _after(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:  # noqa: ARG001
    context.trace_request_ctx.connected()
