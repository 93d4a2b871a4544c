"""`pulumi-resource-karst`: the plugin that the engine starts. It prints its port, serves, and ends with its engine."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from karst import collector
from karst.provider.engine import Engine
from karst.provider.servicer import Servicer

_PARENT_POLL_S = 0.5
_LOGOUT_PATIENCE_S = 3.0
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # A call that nobody has taken in yet is not to be cancelled: it waits on a busy machine and is no worse for it.
    ("grpc.server_max_unrequested_time_in_server", 3600),
)


def main() -> None:
    """Entry point. The engine gives its own address as the last argument."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    parent = os.getppid()
    # A connection and a lock file for every BMC of a hall.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    collector.relax()
    addresses = [each for each in sys.argv[1:] if not each.startswith("-")]
    # Not uvloop: of a connection that is reset during its handshake it leaves a socket object behind, which closes the
    # descriptor a second time when somebody else has it already (dark BMCs do that: tests/provider/test_rack.py).
    asyncio.run(_serve(addresses[-1] if addresses else None, parent))
    # Nothing is left to wait for: sessions are closed by whoever opened them, or die with their BMC's timeout.
    sys.stdout.flush()
    os._exit(0)


async def _serve(address: str | None, parent: int) -> None:
    server = grpc.aio.server(options=_OPTIONS)
    engine = Engine(address)
    servicer = Servicer(engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201  # the engine reads it
    ended = asyncio.Event()
    # The engine ends its plugins by SIGINT. A terminal's Ctrl-C does not reach them: they are a group of their own.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    watch = asyncio.create_task(_watch(parent, ended))
    await ended.wait()
    watch.cancel()
    # Work under way is cancelled, which logs out of the BMCs; a BMC that does not answer is not waited for.
    await server.stop(grace=0)
    await servicer.end(_LOGOUT_PATIENCE_S)


async def _watch(parent: int, ended: asyncio.Event) -> None:
    """A killed engine ends nobody's streams at once, but its children get another parent."""
    while os.getppid() == parent:  # noqa: ASYNC110  # nothing tells us: it can only be asked
        await asyncio.sleep(_PARENT_POLL_S)
    ended.set()
