"""The plugin as a process, spoken to as the engine does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from karst.provider import values

URN = "urn:pulumi:test::karst::karst:metal:Rack::h1-r1-01"


@dataclass(slots=True)
class State:
    """What the engine would keep of a resource."""

    inputs: dict[str, Any]
    outputs: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    reasons: list[str] = field(default_factory=list)  # of a partial failure

    @property
    def failed(self) -> set[str]:
        """Devices that are not as declared."""
        return set(self.outputs["failed"])


@dataclass(slots=True)
class Plugin:
    """One process; `urn` is that of the resource asked for."""

    process: asyncio.subprocess.Process
    stub: Any
    urn: str = URN

    async def configure(self, configuration: dict[str, Any]) -> None:
        """As CheckConfig and Configure would."""
        await self.stub.Configure(provider_pb2.ConfigureRequest(args=values.write(configuration), acceptSecrets=True))

    async def check(self, news: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, str]:
        """Property path -> what is wrong."""
        request = provider_pb2.CheckRequest(urn=self.urn, news=values.write(news))
        if olds is not None:
            request.olds.CopyFrom(values.write(olds))
        return {each.property: each.reason for each in (await self.stub.Check(request)).failures}

    async def create(self, inputs: dict[str, Any], preview: bool = False) -> State:
        """A new state; of a partial failure too."""
        request = provider_pb2.CreateRequest(urn=self.urn, properties=values.write(inputs), preview=preview)
        return await self._state(self.stub.Create(request), inputs)

    async def read(self, state: State) -> State:
        """The state after a refresh."""
        request = provider_pb2.ReadRequest(
            urn=self.urn, id=state.id, properties=values.write(state.outputs), inputs=values.write(state.inputs)
        )
        answer = await self.stub.Read(request)
        return State(values.read(answer.inputs), values.read(answer.properties), answer.id)

    async def diff(self, state: State, news: dict[str, Any]) -> set[str]:
        """Property paths that differ."""
        request = provider_pb2.DiffRequest(
            urn=self.urn,
            id=state.id,
            olds=values.write(state.outputs),
            old_inputs=values.write(state.inputs),
            news=values.write(news),
        )
        answer = await self.stub.Diff(request)
        assert not answer.replaces
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.detailedDiff)
        return set(answer.detailedDiff)

    async def update(self, state: State, news: dict[str, Any], preview: bool = False) -> State:
        """The state afterwards; of a partial failure too."""
        request = provider_pb2.UpdateRequest(
            urn=self.urn,
            id=state.id,
            olds=values.write(state.outputs),
            old_inputs=values.write(state.inputs),
            news=values.write(news),
            preview=preview,
        )
        made = await self._state(self.stub.Update(request), news)
        made.id = state.id
        return made

    async def delete(self, state: State) -> None:
        """Raises grpc.RpcError."""
        request = provider_pb2.DeleteRequest(
            urn=self.urn, id=state.id, properties=values.write(state.outputs), old_inputs=values.write(state.inputs)
        )
        await self.stub.Delete(request)

    async def _state(self, call: Any, inputs: dict[str, Any]) -> State:
        try:
            answer = await call
        except grpc.RpcError as error:
            return _partial(error)
        return State(inputs, values.read(answer.properties), getattr(answer, "id", ""))

    async def end(self, number: int = signal.SIGTERM) -> None:
        """End it, and wait."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        await asyncio.wait_for(self.process.wait(), 10)


def _partial(error: Any) -> State:
    found = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if found is None:
        raise error
    status = status_pb2.Status.FromString(found)
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    return State(values.read(detail.inputs), values.read(detail.properties), detail.id, list(detail.reasons))


@asynccontextmanager
async def plugin(folder: Path, configuration: dict[str, Any], urn: str = URN) -> AsyncIterator[Plugin]:
    """A configured plugin, without an engine to speak to. Its log is `folder`/plugin.log."""
    (folder / "locks").mkdir(exist_ok=True)
    with (folder / "plugin.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("pulumi-resource-karst"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, "KARST_LOCKS": str(folder / "locks")},
        )
    assert process.stdout is not None
    port = int(await asyncio.wait_for(process.stdout.readline(), 30))
    options = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        made = Plugin(process, provider_pb2_grpc.ResourceProviderStub(channel), urn)
        try:
            await made.configure(configuration)
            yield made
        finally:
            await made.end()
