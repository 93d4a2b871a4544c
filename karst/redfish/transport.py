"""HTTPS to one BMC: verified, kept alive, with timeouts and every failure as a typed error. No retries here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from types import MappingProxyType
from typing import Any

import aiohttp
import orjson
from aiohttp import ClientTimeout
from yarl import URL

from karst.redfish.errors import LostError, RedfishError, UnreachableError, UntrustedError, refusal
from karst.redfish.handshakes import Handshakes, Turn
from karst.redfish.resource import Credential
from karst.redfish.trust import Trust, tls

# BMCs are slow and small: one connection for those that answer at once, up to four for those that take their time
# (measured: at 1 s a call four halve the time; at no delay each further TLS handshake costs more than it brings).
_WIDTH = 4
_SLOW_S = 0.1
_CONNECT_S = 5.0
_KEEP_ALIVE_S = 120.0  # longer than any pause of ours; aiohttp's default of 1 s would renew TLS for every call


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer below 400. `body` is the parsed JSON object, {} if there was none."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class Transport:
    """Connections to one BMC at `https://host:port`."""

    def __init__(self, endpoint: str, trust: Trust, timeout_s: float, handshakes: Handshakes) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._handshakes = handshakes
        self._trust = trust
        self._timeout_s = timeout_s
        self._gate = asyncio.Semaphore(1)
        self._wide = False
        self._session: aiohttp.ClientSession | None = None
        # What authenticates each request; set by the login.
        self.headers: dict[str, str] = {}
        # Secrets that this BMC might repeat in an error: they are struck out of messages.
        self.hidden: set[str] = set()

    async def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = MappingProxyType({})
    ) -> Answer:
        """One request, one answer. Raises Unreachable-, Untrusted-, Lost- or RefusedError."""
        async with self._gate:
            turn = self._handshakes.turn(self._timeout_s)
            answer = await self._send(method, path, body, headers, turn)
            if not self._wide and monotonic() - turn.connected_at > _SLOW_S:
                self._wide = True
                for _ in range(_WIDTH - 1):
                    self._gate.release()
            return answer

    async def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str], turn: Turn) -> Answer:
        what = f"{method} {self.endpoint}{path}"
        data = None if body is None else orjson.dumps(body)
        sent = {"Accept": "application/json", "OData-Version": "4.0", **self.headers, **headers}
        if data is not None:
            sent["Content-Type"] = "application/json"
        try:
            # Paths come from the BMC's own links and are sent back as they came.
            url = URL(self.endpoint + path, encoded=True)
            request = self._open().request(
                method, url, data=data, headers=sent, allow_redirects=False, trace_request_ctx=turn
            )
            async with turn, request as response:
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            raise _typed(self.endpoint, what, fault) from fault
        parsed = _parse(raw)
        if response.status >= 300:
            raise refusal(what, response.status, parsed, response.headers.get("Retry-After"), self.hidden)
        return Answer(response.status, response.headers, parsed)

    async def retrust(self, trust: Trust) -> None:
        """From now on verify by `trust`, over new connections."""
        await self.close()
        self._trust = trust

    async def close(self) -> None:
        """End all connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=tls(self._trust), limit=_WIDTH, keepalive_timeout=_KEEP_ALIVE_S)
            # The whole is bounded by the request's turn.
            timeout = ClientTimeout(total=None, sock_connect=min(_CONNECT_S, self._timeout_s))
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                trace_configs=[self._handshakes.trace],
            )
        return self._session


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _typed(endpoint: str, what: str, fault: Exception) -> RedfishError:
    match fault:
        case aiohttp.ServerFingerprintMismatch():
            seen = fault.got.hex()
            return UntrustedError(
                f"the certificate at {endpoint} is not the delivered one: expected SHA-256 "
                f"{fault.expected.hex()}, saw {seen}",
                seen,
            )
        case aiohttp.ClientConnectorCertificateError():
            return UntrustedError(
                f"the certificate at {endpoint} is not the site's: {_reason(fault.certificate_error)}"
            )
        case aiohttp.ClientConnectorSSLError():
            return UnreachableError(f"{endpoint}: TLS failed: {_reason(fault.os_error)}")
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return UnreachableError(f"{endpoint} cannot be reached: {_reason(fault)}")
        case TimeoutError():
            return LostError(f"{what}: no answer in time")
        case aiohttp.InvalidURL():
            return RedfishError(f"{what}: the BMC gave a link that is none")
        case _:
            return LostError(f"{what}: the connection broke ({type(fault).__name__})")


def _reason(fault: BaseException) -> str:
    if isinstance(fault, TimeoutError):
        return "no connection in time"
    strerror = getattr(fault, "strerror", None) or getattr(getattr(fault, "os_error", None), "strerror", None)
    return str(getattr(fault, "verify_message", None) or strerror or fault)


def basic(credential: Credential) -> str:
    """The value of an Authorization header."""
    return aiohttp.encode_basic_auth(credential.user, credential.password, encoding="utf-8")
