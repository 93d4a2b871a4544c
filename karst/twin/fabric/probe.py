"""Run in a node: sends a packet of each of its flows every few milliseconds, and notes what of others' arrives.

Its argument is a JSON document, `Orders`. It says `ready`, sends from the line `send` to the line `stop` of its input,
then, at the end of its input, prints what it saw, `Seen`, as JSON. Times are the monotonic clock's, one for all nodes.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import TypedDict

# Flow and number of the packet.
_PACKET = struct.Struct("!II")
# A probe that waits for a processor shall not lose what the network has delivered.
_BUFFER = 64 * 2**20


class Orders(TypedDict):
    """`send`: flow, source, source's port, destination, destination's port. `receive`: address and port, if any."""

    interval_s: float
    send: list[tuple[int, str, int, str, int]]
    receive: tuple[str, int] | None


class Seen(TypedDict):
    """`sent_s`: when the packet of each number was sent, on every flow. `received`: flow → numbers, as they came."""

    sent_s: list[float]
    received: dict[str, list[int]]


class _Receiver:
    """Notes what arrives. Whoever waited for a processor takes in all that waits for it: what was late is not lost."""

    def __init__(self, through: socket.socket) -> None:
        self.received: dict[int, list[int]] = {}
        self._through = through

    def take(self) -> None:
        with suppress(BlockingIOError):
            while packet := self._through.recv(_PACKET.size):
                flow, number = _PACKET.unpack(packet)
                self.received.setdefault(flow, []).append(number)


def _socket(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    # As root: the machine's limit for everyone else is a few hundred packets.
    made.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), _BUFFER)
    made.bind((address, port))
    return made


async def _send(orders: Orders, sent_s: list[float]) -> None:
    flows = [(flow, _socket(source, port), (there, to)) for flow, source, port, there, to in orders["send"]]
    due = time.monotonic()
    while True:
        number = len(sent_s)
        sent_s.append(time.monotonic())
        for flow, through, destination in flows:
            with suppress(OSError):  # no way at the moment: lost, as any other packet
                through.sendto(_PACKET.pack(flow, number), destination)
        due += orders["interval_s"]
        await asyncio.sleep(max(0, due - time.monotonic()))


async def _main(orders: Orders) -> Seen:
    receiver: _Receiver | None = None
    if orders["receive"]:
        through = _socket(*orders["receive"])
        receiver = _Receiver(through)
        asyncio.get_running_loop().add_reader(through, receiver.take)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sent_s: list[float] = []
    sending: asyncio.Task[None] | None = None
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line == "send\n":
            sending = asyncio.create_task(_send(orders, sent_s))
        elif sending:
            sending.cancel()
    if receiver is None:
        return {"sent_s": sent_s, "received": {}}
    receiver.take()
    return {"sent_s": sent_s, "received": {str(flow): numbers for flow, numbers in receiver.received.items()}}


if __name__ == "__main__":
    seen = asyncio.run(_main(json.loads(sys.argv[1])))
    with suppress(BrokenPipeError):  # who asked has given up meanwhile
        print(json.dumps(seen), flush=True)  # noqa: T201 - for the one who asked
