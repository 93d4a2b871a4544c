"""A Redfish client for one BMC: session, retries, tasks, ETags, collections. Paths come from its links alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from types import MappingProxyType, TracebackType
from typing import Any

from karst.redfish import errors
from karst.redfish.errors import BusyError, LoginRefusedError, LostError, MissingError, RefusedError, UnreachableError
from karst.redfish.handshakes import Handshakes
from karst.redfish.patience import retrying, retrying_login
from karst.redfish.resource import Credential, Resource, link
from karst.redfish.tasks import finish
from karst.redfish.transport import Answer, Transport, basic
from karst.redfish.trust import Trust

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_ROOT = "/redfish/v1/"
_SHOWS_POLL_S = 0.5


class Client:
    """One BMC. `async with Client(endpoint, trust) as bmc: await bmc.login(credential)`; leaving logs out, always.

    `timeout_s` bounds a request; clients that share `handshakes` take turns at them. Methods raise `RedfishError`s.
    """

    def __init__(
        self, endpoint: str, trust: Trust, *, timeout_s: float = 30.0, handshakes: Handshakes | None = None
    ) -> None:
        self.endpoint = endpoint
        self.root = Resource(_ROOT, {})
        self._transport = Transport(endpoint, trust, timeout_s, handshakes or Handshakes())
        self._session: str | None = None
        self._credential: Credential | None = None
        self.requests = 0

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.logout()
        finally:
            await self._transport.close()

    # Who we are

    async def open(self) -> None:
        """Read the service root, which needs no login. The first word to a BMC: its certificate is verified here."""
        try:
            self.root = await self.get(_ROOT)
        except LoginRefusedError:
            self.root = Resource(_ROOT, {})  # some want a login even here; read after it

    async def login(self, credential: Credential) -> None:
        """Open a session, or use basic authentication where sessions are not to be had. Raises LoginRefusedError."""
        self._transport.hidden.add(credential.password)
        self._credential = credential
        sessions = self.root.link("Links", "Sessions")
        if sessions is None or not await self._open_session(sessions, credential):
            self._transport.headers = {"Authorization": basic(credential)}
            await self._prove()
        if not self.root.body:
            self.root = await self.get(_ROOT)

    async def _open_session(self, sessions: str, credential: Credential) -> bool:
        body = {"UserName": credential.user, "Password": credential.password}
        try:
            answer = await retrying_login(LostError, UnreachableError)(self._repeat_busy, "POST", sessions, body)
        except MissingError:
            return False
        except BusyError:
            return False  # its few sessions are all taken: basic authentication takes none
        token, location = answer.headers.get("X-Auth-Token"), answer.headers.get("Location")
        if token is None:
            return False
        self._session = _path(location) or link({"@odata.id": answer.body.get("@odata.id")})
        self._transport.headers = {"X-Auth-Token": token}
        return True

    async def _repeat_busy(self, method: str, path: str, body: Any) -> Answer:
        return await retrying_login(BusyError)(self._once, method, path, body)

    async def _prove(self) -> None:
        """Basic authentication is only proved by a resource that needs it."""
        for name in ("Systems", "PowerEquipment", "Managers", "Chassis"):
            path = self.root.link(name)
            if path is not None:
                await self.get(path)
                return

    async def logout(self) -> None:
        """End the session, if there is one: a BMC holds few. Never raises for a BMC that does not answer."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            await asyncio.shield(asyncio.ensure_future(self._end(session)))
        finally:
            self._transport.headers = {}

    async def _end(self, session: str) -> None:
        for _ in range(3):
            try:
                await self._once("DELETE", session)
                return
            except (LostError, UnreachableError, BusyError):
                continue
            except RefusedError:
                return  # it is gone already
            except Exception:
                return

    async def retrust(self, trust: Trust) -> None:
        """Drop the connections and verify new ones by `trust`, in the same session."""
        await self._transport.retrust(trust)

    def hide(self, secret: str) -> None:
        """Strike `secret` out of every message from now on."""
        self._transport.hidden.add(secret)

    # Reading

    async def get(self, path: str) -> Resource:
        """Read a resource, as often as it takes."""
        answer = await self.repeat("GET", path)
        etag = answer.headers.get("ETag") or answer.body.get("@odata.etag")
        return Resource(path, answer.body, etag if isinstance(etag, str) else None)

    async def members(
        self, path: str, *, expand: bool = True, refused: dict[str, RefusedError] | None = None
    ) -> list[Resource]:
        """The members of a collection: in one call where the BMC says that it can, else side by side.

        Members that it refuses to show are put into `refused` by path, if that is given, instead of raised.
        """
        query = self._expand_query() if expand else None
        if query is not None:
            try:
                found = await self._collect(await self.get(path + query), refused)
            except RefusedError as fault:
                if isinstance(fault, BusyError | LoginRefusedError):
                    raise
                found = await self._collect(await self.get(path), refused)
            return found
        return await self._collect(await self.get(path), refused)

    async def _collect(self, page: Resource, refused: dict[str, RefusedError] | None) -> list[Resource]:
        found: list[Resource] = []
        while True:
            entries = page.at("Members")
            entries = entries if isinstance(entries, list) else []
            members = await asyncio.gather(*(self._member(each, refused) for each in entries if link(each)))
            found += [each for each in members if each is not None]
            following = page.text("Members@odata.nextLink")
            if following is None:
                return found
            page = await self.get(following)

    async def _member(self, entry: dict[str, Any], refused: dict[str, RefusedError] | None) -> Resource | None:
        path = link(entry) or ""
        if len(entry) == 1:
            try:
                return await self.get(path)
            except LoginRefusedError:
                raise
            except RefusedError as fault:
                if refused is None:
                    raise
                refused[path] = fault
                return None
        etag = entry.get("@odata.etag")
        return Resource(path, entry, etag if isinstance(etag, str) else None)

    def _expand_query(self) -> str | None:
        if self.root.at("ProtocolFeaturesSupported", "ExpandQuery", "NoLinks") is True:
            levels = self.root.at("ProtocolFeaturesSupported", "ExpandQuery", "Levels") is True
            return "?$expand=.($levels=1)" if levels else "?$expand=."
        return None

    # Writing

    async def patch(self, resource: Resource, body: Mapping[str, Any]) -> None:
        """Set properties: a PATCH says what shall be, so it may be repeated. The ETag read is sent along.

        If the resource changed in between it is read again and the PATCH redone.
        """
        etag = resource.etag
        for last in (False, False, True):
            headers = {"If-Match": etag} if etag else _NO_HEADERS
            try:
                await self._complete(await self.repeat("PATCH", resource.path, body, headers))
                return
            except (errors.StaleError, errors.EtagRequiredError):
                if last:
                    raise
                # A BMC that asks for If-Match but gives no ETag is told that any will do.
                etag = (await self.get(resource.path)).etag or "*"

    async def delete(self, path: str) -> None:
        """Remove a resource; one that is gone already is fine."""
        try:
            await self._complete(await self.repeat("DELETE", path))
        except MissingError:
            return

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        done: Callable[[], Awaitable[bool]] | None = None,
        shows_within_s: float = 0.0,
    ) -> Resource:
        """Act. When the answer is lost, or the BMC was busy, `done` is asked first whether it happened after all.

        After a lost answer it is asked for `shows_within_s`, for acts that take a while to show. Without `done` the act
        is one that may be repeated. Returns the answer's body, the task's if it became one.
        """
        lost = False
        async for attempt in retrying():
            with attempt:
                again = attempt.retry_state.attempt_number > 1
                if again and done is not None and await _shows(done, shows_within_s if lost else 0.0):
                    return Resource(path, {})
                lost = False
                try:
                    answer = await self._complete(await self._once("POST", path, body))
                except LostError:
                    lost = True
                    raise
        created = _path(answer.headers.get("Location"))
        return Resource(created or path, answer.body)

    async def repeat(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        """A request that may be sent again, sent until it is answered or all patience is spent."""
        return await retrying()(self._authorised, method, path, body, headers)

    async def _authorised(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """A session may end under us (a BMC restarts its web server for a new certificate): log in again, once."""
        try:
            return await self._once(method, path, body, headers)
        except LoginRefusedError:
            if self._session is None or self._credential is None:
                raise
            self._session = None
            self._transport.headers = {}
            await self.login(self._credential)
            return await self._once(method, path, body, headers)

    async def _once(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        self.requests += 1
        return await self._transport.send(method, path, body, headers)

    async def _complete(self, answer: Answer) -> Answer:
        return await finish(answer, self.repeat) if answer.status == 202 else answer


async def _shows(done: Callable[[], Awaitable[bool]], within_s: float) -> bool:
    deadline = monotonic() + within_s
    while not await done():
        if monotonic() >= deadline:
            return False
        await asyncio.sleep(_SHOWS_POLL_S)
    return True


def _path(location: str | None) -> str | None:
    """The path of a Location header, which may be a whole URL."""
    if not location:
        return None
    if location.startswith("/"):
        return location
    _, _, rest = location.partition("://")
    _, slash, path = rest.partition("/")
    return slash + path if slash else None
