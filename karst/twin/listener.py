"""One listening socket for all BMCs. The local address of an accepted connection says which of them was called."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
import struct
from collections import OrderedDict
from collections.abc import Iterator

import orjson
from aiohttp import web

from karst.twin.bmc import Bmc
from karst.twin.errors import refuse
from karst.twin.faults import Fault
from karst.twin.messages import Answer, Ask
from karst.twin.resources.certificates import served
from karst.twin.respond import respond
from karst.twin.state import Certificate
from karst.twin.world import World

log = logging.getLogger(__name__)

BACKLOG = 8192
HANDSHAKE_TIMEOUT_S = 30.0
# About 40 kB each: enough for every BMC of a hall, and a bound for a site of 50,000.
CONTEXTS_MAX = 8192
_HANG_POLL_S = 0.5
WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})


def listen(port: int) -> socket.socket:
    """A listening socket for every loopback address and none else. Raises OSError.

    A wildcard socket, because thousands of listeners would use up the file descriptors; bound to `lo`, because
    a twin with known passwords must not be reached from outside.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    made.bind(("", port))
    made.listen(BACKLOG)
    made.setblocking(False)
    return made


class Contexts:
    """TLS contexts by device, made when first needed and again when the certificate has changed."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, tuple[str, ssl.SSLContext]] = OrderedDict()

    def of(self, bmc: Bmc) -> ssl.SSLContext:
        """The context that serves the BMC's certificate of now."""
        held = bmc.get(Certificate).certificate if bmc.has(Certificate) else ""
        found = self._made.get(bmc.name)
        if found is None or found[0] != held:
            found = (held, self._make(bmc))
            self._made[bmc.name] = found
            if len(self._made) > CONTEXTS_MAX:
                self._made.popitem(last=False)
        self._made.move_to_end(bmc.name)
        return found[1]

    @staticmethod
    def _make(bmc: Bmc) -> ssl.SSLContext:
        pair = served(bmc)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.num_tickets = 0
        # OpenSSL's binding reads files only; this one is in memory and has no name.
        file = os.memfd_create("certificate", os.MFD_CLOEXEC)
        try:
            os.write(file, (pair.key + pair.certificate).encode())
            context.load_cert_chain(f"/proc/self/fd/{file}")
        finally:
            os.close(file)
        return context


class Listener:
    """Accepts, shakes hands, answers."""

    def __init__(self, world: World, listening: socket.socket) -> None:
        self._world = world
        self._socket = listening
        self._contexts = Contexts()
        # An unknown argument would silently undo all others (aiohttp's "failsafe creation").
        self._server = web.Server(self._handle, access_log=None, keepalive_timeout=120, logger=log)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                accepted, _ = await loop.sock_accept(self._socket)
                task = loop.create_task(self._connect(accepted))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            self._socket.close()
            await self._server.shutdown(1.0)

    async def _connect(self, accepted: socket.socket) -> None:
        bmc = self._world.by_address.get(accepted.getsockname()[0])
        if bmc is None or bmc.dark:
            # A reset, as from a host where nothing listens.
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            return
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
            await asyncio.get_running_loop().connect_accepted_socket(
                self._server,
                accepted,
                ssl=self._contexts.of(bmc),
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
                ssl_shutdown_timeout=1.0,
            )

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        bmc = self._world.by_address.get(transport.get_extra_info("sockname")[0]) if transport else None
        if transport is None or bmc is None or bmc.dark:
            return _drop(request)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _response(Answer(413, refuse(413, "PayloadTooLarge").body()))
        path = request.path.rstrip("/") or "/"
        with _counted(bmc, request.method, id(transport)):
            faults = self._world.faults.striking(bmc.name, path, request.method)
            early = await _suffer(request, faults) if faults else None
            if early is not None:
                return early
            if bmc.dark:
                return _drop(request)
            headers = {name.lower(): value for name, value in request.headers.items()}
            try:
                answer = respond(bmc, Ask(request.method, path, dict(request.query), headers, body), faults)
            except Exception:
                log.exception("%s: %s %s failed", bmc.name, request.method, path)
                answer = Answer(500, refuse(500, "InternalError").body())
            self._world.store.flush()
            if any(fault.lost for fault in faults):
                return _drop(request)
        return _response(answer)


def _response(answer: Answer) -> web.Response:
    if answer.text:
        return web.Response(
            status=answer.status, text=answer.text, headers=answer.headers | {"Content-Type": answer.type}
        )
    body = b"" if answer.body is None else orjson.dumps(answer.body)
    return web.Response(
        status=answer.status,
        body=body or None,
        headers=answer.headers | ({"Content-Type": answer.type} if body else {}),
    )


def _drop(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _suffer(request: web.BaseRequest, faults: list[Fault]) -> web.StreamResponse | None:
    """What the rules do to a request before it is answered; an answer if it is not to be answered as usual."""
    for fault in faults:
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
    if any(fault.hang for fault in faults):
        # Until the client gives up: a request that nobody waits for must not stay for good.
        while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(_HANG_POLL_S)
        return _drop(request)
    if any(fault.reset for fault in faults):
        return _drop(request)
    for fault in faults:
        if fault.status is not None:
            message = "ServiceTemporarilyUnavailable" if fault.status == 503 else "GeneralError"
            args = ("1",) if fault.status == 503 else ()
            answer = Answer(fault.status, refuse(fault.status, message, *args).body())
            return _response(answer)
    return None


@contextlib.contextmanager
def _counted(bmc: Bmc, method: str, connection: int) -> Iterator[None]:
    counters = bmc.counters
    counters.requests[method] = counters.requests.get(method, 0) + 1
    if method not in WRITES:
        yield
        return
    counters.writes += 1
    counters.writing[connection] = counters.writing.get(connection, 0) + 1
    counters.concurrent_writers = max(counters.concurrent_writers, len(counters.writing))
    try:
        yield
    finally:
        counters.writing[connection] -= 1
        if not counters.writing[connection]:
            del counters.writing[connection]
