"""The plain gRPC servicer: from the wire to the resources and back."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]  # googleapis-common-protos has no types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from pydantic import ValidationError

from karst.provider import config, hall_resource, rack_resource, switch_resource, values
from karst.provider.bounds import Bounds, lock_folder
from karst.provider.differences import OUTPUTS
from karst.provider.engine import Engine
from karst.provider.faults import Fault, faults_of
from karst.provider.outcome import Context, PartialError, Refused, Result
from karst.provider.schema import VERSION, schema
from karst.provider.work import Work, here

_KINDS = {
    "add": provider_pb2.PropertyDiff.ADD,
    "delete": provider_pb2.PropertyDiff.DELETE,
    "update": provider_pb2.PropertyDiff.UPDATE,
}
T = TypeVar("T")
_Aio: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_Values: TypeAlias = Mapping[str, Any]


class _Resource(Protocol):
    """What a resource's module has."""

    NEEDS: tuple[str, ...]

    def check(self, olds: _Values | None, news: _Values) -> list[Fault]: ...

    def diff(self, olds: _Values, state: _Values, news: _Values, context: Context) -> Mapping[str, str]: ...

    async def create(self, inputs: _Values, context: Context, preview: bool) -> Result: ...

    async def read(self, name: str, inputs: _Values, state: _Values, context: Context) -> Result: ...

    async def update(
        self, olds: _Values, state: _Values, inputs: _Values, context: Context, preview: bool
    ) -> Result: ...

    async def delete(self, inputs: _Values, state: _Values, context: Context) -> None: ...


_RESOURCES: Mapping[str, _Resource] = {
    "karst:metal:Rack": rack_resource,
    "karst:metal:Hall": hall_resource,
    "karst:network:Switch": switch_resource,
}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One configured provider."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._work = Work()
        self._configuration: config.Configuration | None = None
        self._bounds: Bounds | None = None

    # The plugin itself

    async def Handshake(self, request: Any, context: _Aio) -> Any:  # noqa: ARG002, N802, D102
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def Attach(self, request: Any, context: _Aio) -> Any:  # noqa: ARG002, N802, D102
        self._engine = Engine(request.address)
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: _Aio) -> Any:  # noqa: ARG002, N802, D102
        return plugin_pb2.PluginInfo(version=VERSION)

    async def GetSchema(self, request: Any, context: _Aio) -> Any:  # noqa: ARG002, N802, D102
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema()))

    async def Cancel(self, request: Any, context: _Aio) -> Any:  # noqa: ARG002, N802, D102
        if self._bounds:
            self._work.soon(self._bounds.cancelled.set)
        return empty_pb2.Empty()

    # Configuration

    async def CheckConfig(self, request: Any, context: _Aio) -> Any:  # noqa: ARG002, N802, D102
        news = values.read(request.news)
        faults: list[Fault] = []
        if not values.has_unknown(news):
            _, faults = config.parse(values.plain(news))
        wrapped = {key: _secret(value) if key in config.SECRET else value for key, value in news.items()}
        return provider_pb2.CheckResponse(inputs=values.write(wrapped), failures=_failures(faults))

    async def DiffConfig(self, request: Any, context: _Aio) -> Any:  # noqa: ARG002, N802, D102
        olds, news = values.plain(values.read(request.old_inputs)), values.plain(values.read(request.news))
        # A rack is never replaced, so neither is what speaks for it.
        return _diff({key: "update" for key in {*olds, *news} if olds.get(key) != news.get(key)})

    async def Configure(self, request: Any, context: _Aio) -> Any:  # noqa: N802, D102
        given = values.read(request.args)
        if not values.has_unknown(given):
            found, faults = config.parse(values.plain(given))
            if found is None:
                sentences = "; ".join(f"{each.path}: {each.reason}" for each in faults)
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the provider's configuration: {sentences}")
            assert found is not None  # noqa: S101  # abort raises
            self._configuration = found
            self._bounds = Bounds(found.concurrency, lock_folder())
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    # Resources

    async def Check(self, request: Any, context: _Aio) -> Any:  # noqa: N802, D102
        news = values.read(request.news)
        olds = values.plain(values.read(request.olds)) if request.HasField("olds") else None
        resource = await _resource(request.urn, context)
        faults = [] if values.has_unknown(news) else resource.check(olds or None, values.plain(news))
        return provider_pb2.CheckResponse(inputs=values.write(news), failures=_failures(faults))

    async def Diff(self, request: Any, context: _Aio) -> Any:  # noqa: N802, D102
        raw = values.read(request.news)
        olds, news = values.plain(values.read(request.old_inputs)), values.plain(raw)
        if values.has_unknown(raw):
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME)
        state = values.plain(values.read(request.olds))
        resource, with_context = await self._known(request.urn, context)
        try:
            paths = resource.diff(olds, state, news, with_context)
        except ValidationError as error:
            await _abort(context, error)
        return _diff(paths)

    async def Create(self, request: Any, context: _Aio) -> Any:  # noqa: N802, D102
        raw = values.read(request.properties)
        inputs = values.plain(raw)
        if request.preview and values.has_unknown(raw):
            return provider_pb2.CreateResponse(properties=values.write({"name": inputs.get("name")}))
        resource, with_context = await self._known(request.urn, context)
        result = await self._done(resource.create(inputs, with_context, request.preview), raw, context)
        shown = "" if request.preview else result.id
        return provider_pb2.CreateResponse(id=shown, properties=values.write(result.outputs))

    async def Read(self, request: Any, context: _Aio) -> Any:  # noqa: N802, D102
        raw = values.read(request.inputs)
        inputs, state = values.plain(raw), values.plain(values.read(request.properties))
        resource, with_context = await self._known(request.urn, context)
        result = await self._done(resource.read(request.id, inputs, state, with_context), raw, context)
        seen = values.rewrap(result.inputs or inputs, raw)
        return provider_pb2.ReadResponse(
            id=request.id, properties=values.write(result.outputs), inputs=values.write(seen)
        )

    async def Update(self, request: Any, context: _Aio) -> Any:  # noqa: N802, D102
        raw = values.read(request.news)
        olds, inputs = values.plain(values.read(request.old_inputs)), values.plain(raw)
        state = values.plain(values.read(request.olds))
        if request.preview and values.has_unknown(raw):
            return provider_pb2.UpdateResponse(properties=values.write({"name": inputs.get("name")}))
        resource, with_context = await self._known(request.urn, context)
        work = resource.update(olds, state, inputs, with_context, request.preview)
        result = await self._done(work, raw, context)
        return provider_pb2.UpdateResponse(properties=values.write(result.outputs))

    async def Delete(self, request: Any, context: _Aio) -> Any:  # noqa: N802, D102
        inputs, state = values.plain(values.read(request.old_inputs)), values.plain(values.read(request.properties))
        resource, with_context = await self._known(request.urn, context)
        await self._done(resource.delete(inputs, state, with_context), {}, context)
        return empty_pb2.Empty()

    async def _known(self, urn: str, context: _Aio) -> tuple[_Resource, Context]:
        resource = await _resource(urn, context)
        if self._configuration is None or self._bounds is None:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the provider's configuration is not known yet")
        assert self._configuration is not None  # noqa: S101  # abort raises
        assert self._bounds is not None  # noqa: S101
        if lacks := config.lacking(self._configuration, resource.NEEDS):
            names = ", ".join(each.path for each in lacks)
            await context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the provider's configuration lacks {names}, for {_type(urn)}",
            )
        voices = [here(partial(each, urn)) for each in (self._engine.warn, self._engine.inform, self._engine.tell)]
        return resource, Context(self._configuration, self._bounds, *voices)

    async def _done(self, work: Coroutine[Any, Any, T], inputs: Mapping[str, Any], context: _Aio) -> T:
        """The result of an operation, or its failure as the engine understands it."""
        try:
            return await self._work.do(work)
        except PartialError as partial:
            await _abort_partially(context, partial, inputs)
        except Refused as refused:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(refused))
        except ValidationError as error:
            await _abort(context, error)

    async def end(self, patience_s: float) -> None:
        """Cancel all work under way; it logs out of its BMCs, for which this waits a while."""
        await self._work.end(patience_s)


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _secret(value: Any) -> Any:
    return value if isinstance(value, values.Secret | values.Unknown) else values.Secret(value)


def _failures(faults: list[Fault]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=each.path, reason=each.reason) for each in faults]


def _diff(paths: Mapping[str, str]) -> Any:
    changes = provider_pb2.DiffResponse.DIFF_SOME if paths else provider_pb2.DiffResponse.DIFF_NONE
    detailed = {
        path: provider_pb2.PropertyDiff(kind=_KINDS[kind], inputDiff=not path.startswith(OUTPUTS))
        for path, kind in paths.items()
    }
    tops = sorted({path.partition(".")[0].partition("[")[0] for path in paths})
    return provider_pb2.DiffResponse(changes=changes, diffs=tops, detailedDiff=detailed, hasDetailedDiff=True)


async def _abort_partially(context: _Aio, partial: PartialError, inputs: Mapping[str, Any]) -> NoReturn:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=partial.result.id,
        properties=values.write(partial.result.outputs),
        inputs=values.write(values.rewrap(partial.result.inputs or {}, inputs)),
        reasons=partial.reasons,
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    count = len(partial.reasons)
    message = f"{count} device{'s' if count > 1 else ''} of {partial.result.id} failed, all else is done"
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message, details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, message)


async def _abort(context: _Aio, error: ValidationError) -> NoReturn:
    sentences = "; ".join(f"{each.path}: {each.reason}" for each in faults_of(error))
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, sentences)


async def _resource(urn: str, context: _Aio) -> _Resource:
    found = _RESOURCES.get(_type(urn))
    if found is None:
        await context.abort(grpc.StatusCode.NOT_FOUND, f"Karst has no resource {_type(urn)}")
    assert found is not None  # noqa: S101  # abort raises
    return found
