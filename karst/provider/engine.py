"""The engine's ear: what is said here appears beside the resource in `pulumi up`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, cast

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

log = logging.getLogger(__name__)


class Engine:
    """Speaks to the engine at `address`, or into the log where there is none. Each sentence once a resource."""

    def __init__(self, address: str | None) -> None:
        self._channel = grpc.aio.insecure_channel(address) if address else None
        self._stub = engine_pb2_grpc.EngineStub(self._channel) if self._channel else None
        self._said: set[tuple[str, str]] = set()

    async def warn(self, urn: str, sentence: str) -> None:
        """A warning. Never raises: what was done is not undone because nobody listens."""
        await self._say(urn, sentence, engine_pb2.WARNING)

    async def inform(self, urn: str, sentence: str) -> None:
        """What is good to know; like `warn` otherwise."""
        await self._say(urn, sentence, engine_pb2.INFO)

    async def _say(self, urn: str, sentence: str, severity: Any) -> None:
        if (urn, sentence) in self._said:
            return
        self._said.add((urn, sentence))
        if self._stub is None:
            log.warning("%s", sentence)
            return
        request = engine_pb2.LogRequest(severity=severity, message=sentence, urn=urn)
        try:
            await cast(Awaitable[Any], self._stub.Log(request, timeout=5))  # the stub's types are the blocking ones
        except grpc.RpcError:
            log.warning("%s", sentence)

    async def tell(self, urn: str, text: str) -> None:
        """How far the work on a resource has come: shown for the moment, and kept nowhere."""
        if self._stub is not None:
            request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=urn, ephemeral=True)
            with suppress(grpc.RpcError):
                await cast(Awaitable[Any], self._stub.Log(request, timeout=5))

    async def close(self) -> None:
        """End the connection."""
        if self._channel:
            await self._channel.close()
