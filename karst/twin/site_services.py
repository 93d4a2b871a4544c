"""Services of the site that the twin's hosts ask: each at the address that the site gives it, on the hosts' bridge.

Sockets are bound to that interface, so nobody beside the hosts can ask, and two clones with one site do not meet.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from ipaddress import IPv4Address
from typing import Protocol

log = logging.getLogger(__name__)


class SiteService(Protocol):
    """What answers at some addresses."""

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """All of them."""

    async def listen(self, address: IPv4Address, interface: str) -> None:
        """Answer at one of them. Raises OSError."""

    def close(self) -> None:
        """Answer no more."""


class SiteServices:
    """All of them together. `fault` says why they do not answer, if so."""

    def __init__(self, *services: SiteService) -> None:
        self._services = services
        self._interface = 0  # index of that which they are bound to
        self._lock = asyncio.Lock()
        self.fault = ""

    async def serve(self, interface: str) -> None:
        """Answer on the interface, which is there only while a host runs: call it after each has started."""
        async with self._lock:  # hosts start side by side
            try:
                await self._serve(interface)
                self.fault = ""
            except OSError as fault:
                self.close()
                self.fault = f"the hosts have no services of the site: {fault}"
                log.error("%s", self.fault)

    async def _serve(self, interface: str) -> None:
        index = socket.if_nametoindex(interface)
        if index == self._interface:
            return
        self.close()
        for service in self._services:
            for address in service.addresses:
                # Whatever this machine may reach elsewhere stays reachable.
                if address.is_private and not address.is_loopback:
                    await _add(address, interface)
                    await service.listen(address, interface)
        self._interface = index

    def close(self) -> None:
        """Answer no more."""
        for service in self._services:
            service.close()
        self._interface = 0


def bound(kind: socket.SocketKind, address: IPv4Address, port: int, interface: str) -> socket.socket:
    """A socket at an address of an interface that only who is on the interface reaches. Raises OSError."""
    made = socket.socket(socket.AF_INET, kind)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, f"{interface}\0".encode())
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a daemon of this machine may have the port
        made.setblocking(False)
        made.bind((str(address), port))
    except OSError:
        made.close()
        raise
    return made


async def _add(address: IPv4Address, interface: str) -> None:
    """Give the interface an address more. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *("ip", "address", "replace", f"{address}/32", "dev", interface),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    if process.returncode:
        raise OSError(f"ip address replace {address}/32 dev {interface}: {err.decode().strip()}")
