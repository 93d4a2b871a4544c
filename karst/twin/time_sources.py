"""The site's time sources, which are appliances with an antenna: answered here from the machine's clock."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from karst.files import write_private
from karst.site.problems import nearest
from karst.twin.site_services import bound
from karst.twin.state import Json

log = logging.getLogger(__name__)

PORT = 123
_NTP_EPOCH_S = 2_208_988_800
_CLIENT, _SERVER = 3, 4  # modes
_STRATUM, _PRECISION = 1, -20
_HEADER = struct.Struct("!BBBbII4sQ8sQQ")
# The kernel notes when a request came in: how long the twin was busy then is not part of the way.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")


class Wrong(BaseModel):
    """What is wrong with a source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset_s: Annotated[float, Field(ge=-86400, le=86400, allow_inf_nan=False)] = 0.0
    lost: bool = False  # answers nobody


RIGHT = Wrong()
CHANGES: TypeAdapter[dict[str, Wrong | None]] = TypeAdapter(dict[str, Wrong | None])


class TimeSources:
    """What is wrong with each source, kept in a file, and the sockets that answer."""

    def __init__(self, path: Path, addresses: Mapping[str, IPv4Address]) -> None:
        """`addresses` by name. Raises pydantic's ValidationError if the file holds something else."""
        self._path = path
        self._addresses = addresses
        kept = CHANGES.validate_json(path.read_bytes()) if path.exists() else {}
        self._wrong = {name: each for name, each in kept.items() if each is not None and name in addresses}
        self._sockets: list[socket.socket] = []

    def of(self, name: str) -> Wrong:
        """What is wrong with a source."""
        return self._wrong.get(name, RIGHT)

    def body(self) -> Json:
        """Every source, as JSON."""
        return {name: {"address": str(each), **self.of(name).model_dump()} for name, each in self._addresses.items()}

    def change(self, raw: bytes) -> None:
        """Put the given faults in place of those of the sources named, none for null.

        ValueError, and no change, if a source is unknown.
        """
        wanted = CHANGES.validate_json(raw)
        for name in wanted:
            if name not in self._addresses:
                raise ValueError(f"there is no time source {name}{nearest(name, list(self._addresses))}")
        changed = {**self._wrong, **wanted}
        self._wrong = {name: each for name, each in changed.items() if each is not None and each != RIGHT}
        kept = {name: each.model_dump(exclude_defaults=True) for name, each in self._wrong.items()}
        write_private(self._path, orjson.dumps(kept))

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """All of them."""
        return tuple(self._addresses.values())

    async def listen(self, address: IPv4Address, interface: str) -> None:
        """Answer at one of them, on an interface. Raises OSError."""
        name = next(name for name, each in self._addresses.items() if each == address)
        made = bound(socket.SOCK_DGRAM, address, PORT, interface)
        self._sockets.append(made)
        made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        asyncio.get_running_loop().add_reader(made, self._answer, made, name)

    def _answer(self, listening: socket.socket, name: str) -> None:
        try:
            request, notes, _, asker = listening.recvmsg(512, socket.CMSG_SPACE(_TIMESPEC.size))
            wrong = self.of(name)
            reply = answer(request, _received_s(notes), wrong.offset_s)
            if reply and not wrong.lost:
                listening.sendto(reply, asker)
        except OSError as fault:  # who asked has gone
            log.debug("%s: %s", name, fault)

    def close(self) -> None:
        """Answer no more."""
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
            each.close()
        self._sockets.clear()


def answer(request: bytes, received_s: float, offset_s: float) -> bytes:
    """The answer to a client's request (RFC 5905, figure 8), `offset_s` off; empty to all else."""
    if len(request) < 48 or request[0] & 7 != _CLIENT:
        return b""
    version, poll = request[0] >> 3 & 7, request[2]
    received = _stamp(received_s + offset_s)
    return _HEADER.pack(
        version << 3 | _SERVER,
        *(_STRATUM, poll, _PRECISION, 0, 0, b"GPS\0"),
        *(received, request[40:48], received, _stamp(time.time() + offset_s)),
    )


def _stamp(seconds: float) -> int:
    """Seconds since 1970 in NTP's 64 bits."""
    return int((seconds + _NTP_EPOCH_S) * 2**32) & (2**64 - 1)


def _received_s(notes: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return time.time()
