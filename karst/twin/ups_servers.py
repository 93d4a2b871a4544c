"""The site's NUT servers, one a path: what they tell of its UPSes, in the words of NUT's protocol (RFC 9271)."""

from __future__ import annotations

import asyncio
import hmac
import logging
import shlex
import socket
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv4Address

from karst.twin.site_services import bound
from karst.twin.world import Credential

log = logging.getLogger(__name__)

PORT = 3493
_LINE_MAX = 512  # bytes; a client's longest is a password's
# A client that is silent for longer has gone. upsmon asks every few seconds.
_SILENT_S = 120.0
_SESSION = ("USERNAME", "PASSWORD", "LOGIN", "PRIMARY", "MASTER", "FSD")  # each with one argument
_WORDS = {
    "LOGOUT": "OK Goodbye",
    "STARTTLS": "ERR FEATURE-NOT-CONFIGURED",
    "NETVER": "1.3",
    "PROTVER": "1.3",
    "VER": "The UPSes of a Karst twin",
}

Variables = Callable[[str], Mapping[str, str]]


class Conversation:
    """What one client has said. `upses` are the names that this server tells of; `variables` says how one is.

    Who logs in with `account` is a secondary, and has no other right.
    """

    def __init__(self, upses: tuple[str, ...], variables: Variables, account: Credential) -> None:
        self._upses, self._variables, self._account = upses, variables, account
        self._user = self._password = ""
        self.over = False

    def answer(self, line: str) -> list[str]:
        """The answer to a line, as lines."""
        try:
            words = shlex.split(line)
        except ValueError:
            return ["ERR INVALID-ARGUMENT"]
        match words:
            case ["LIST", "UPS"]:
                about = [f'UPS {name} "{name}"' for name in self._upses]
                return ["BEGIN LIST UPS", *about, "END LIST UPS"]
            case ["LIST", "VAR", name]:
                return self._of(name) or self._list(name)
            case ["GET", "VAR", name, variable]:
                return self._of(name) or self._get(name, variable)
            case ["LOGOUT"]:
                self.over = True
            case [verb, word] if verb in _SESSION:
                return self._session(verb, word)
        return [_WORDS.get(line, "ERR UNKNOWN-COMMAND")]

    def _session(self, verb: str, word: str) -> list[str]:
        if verb == "USERNAME":
            self._user = word
            return ["OK"]
        if verb == "PASSWORD":
            self._password = word
            return ["OK"]
        if fault := self._of(word):
            return fault
        said, known = f"{self._user}\n{self._password}", f"{self._account.user}\n{self._account.password}"
        is_known = hmac.compare_digest(said.encode(), known.encode())
        # To lead a shutdown is the right of the server's own upsmon.
        return ["OK"] if is_known and verb == "LOGIN" else ["ERR ACCESS-DENIED"]

    def _of(self, name: str) -> list[str]:
        return [] if name in self._upses else ["ERR UNKNOWN-UPS"]

    def _list(self, name: str) -> list[str]:
        found = self._variables(name)
        if not found:
            return ["ERR DATA-STALE"]
        about = [f'VAR {name} {variable} "{value}"' for variable, value in found.items()]
        return [f"BEGIN LIST VAR {name}", *about, f"END LIST VAR {name}"]

    def _get(self, name: str, variable: str) -> list[str]:
        found = self._variables(name)
        if not found:
            return ["ERR DATA-STALE"]
        return [f'VAR {name} {variable} "{found[variable]}"'] if variable in found else ["ERR VAR-NOT-SUPPORTED"]


class UpsServers:
    """Serves at the addresses of the site. `told` says of which UPSes each of them tells."""

    def __init__(self, told: Mapping[IPv4Address, tuple[str, ...]], variables: Variables, account: Credential) -> None:
        self._told, self._variables, self._account = told, variables, account
        self._servers: list[asyncio.Server] = []
        self.addresses = tuple(told)

    async def listen(self, address: IPv4Address, interface: str) -> None:
        """Answer at an address of an interface, and to nobody who is not on it. Raises OSError."""
        made = bound(socket.SOCK_STREAM, address, PORT, interface)
        serve = self._serving(self._told[address])
        self._servers.append(await asyncio.start_server(serve, sock=made, limit=_LINE_MAX))

    def close(self) -> None:
        """Answer no more."""
        for each in self._servers:
            each.close()
        self._servers.clear()

    def _serving(
        self, upses: tuple[str, ...]
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talk = Conversation(upses, self._variables, self._account)
            try:
                while not talk.over:
                    line = await asyncio.wait_for(reader.readline(), _SILENT_S)
                    if not line:
                        break
                    answer = talk.answer(line.decode("utf-8", "replace").strip())
                    writer.write("".join(f"{each}\n" for each in answer).encode())
                    await writer.drain()
            except (OSError, ValueError, TimeoutError) as fault:  # who asked has gone, or talks too much
                log.debug("NUT: %s", fault)
            finally:
                writer.close()

        return serve
