"""A bare asyncio client: sends recorded requests again, every BMC at once, over one kept connection each.

It looks at nothing that it is told, but for what the next request cannot do without: the token of its session, ETags,
and the signing request that it signs.
"""

from __future__ import annotations

import asyncio
import base64
import re
import resource
import ssl
from collections import defaultdict
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import uvloop
from yarl import URL

from hall.running import Took, Twin, timed
from karst.pki import Authority

_DAYS = 730


class Bmc:
    """The requests to one BMC, one after the other."""

    def __init__(self, address: str, http: aiohttp.ClientSession, context: ssl.SSLContext, signer: Authority) -> None:
        self._endpoint = f"https://{address}"
        self._host = address.partition(":")[0]
        self._http = http
        self._context = context
        self._signer = signer
        self._token = ""
        self._session = ""
        self._etags: dict[str, str] = {}
        self._certificate = ""
        self.odd: list[str] = []

    async def send(self, asked: list[dict[str, Any]]) -> None:
        for each in asked:
            await self._one(each)

    async def _one(self, each: dict[str, Any]) -> None:
        path, method, query = each["path"], each["method"], each["query"]
        if method == "DELETE" and "/Sessions/" in path:
            path = self._session
        text = path + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")
        headers = dict(each["headers"])
        if "x-auth-token" in headers:
            headers["x-auth-token"] = self._token
        if "if-match" in headers and path in self._etags:
            headers["if-match"] = self._etags[path]
        url = URL(self._endpoint + text, encoded=True)
        request = self._http.request(method, url, data=self._body(each), headers=headers, ssl=self._context)
        async with request as response:
            raw = await response.read()
        if response.status != each["status"]:
            self.odd.append(f"{method} {text}: {response.status} in the place of {each['status']}")
        self._learn(path, response, raw)

    def _body(self, each: dict[str, Any]) -> bytes | None:
        body = base64.b64decode(each["body"])
        if self._certificate and b"CertificateString" in body:
            body = orjson.dumps({**orjson.loads(body), "CertificateString": self._certificate})
        return body or None

    def _learn(self, path: str, response: aiohttp.ClientResponse, raw: bytes) -> None:
        if "ETag" in response.headers:
            self._etags[path] = response.headers["ETag"]
        if "X-Auth-Token" in response.headers:
            self._token = response.headers["X-Auth-Token"]
            self._session = urlsplit(response.headers["Location"]).path
        if b"CSRString" in raw:
            request = _csr(raw)
            self._certificate = self._signer.sign_csr(
                request, addresses=[IPv4Address(self._host)], names=[], days=_DAYS
            )


def _csr(raw: bytes) -> str:
    found = re.search(r"-----BEGIN CERTIFICATE REQUEST-----.*?-----END CERTIFICATE REQUEST-----\n?", _text(raw), re.S)
    if found is None:
        raise ValueError("no signing request in the answer")
    return found[0]


def _text(raw: bytes) -> str:
    return str(orjson.loads(raw)["CSRString"])


def replay(
    requests: list[dict[str, Any]], endpoints: dict[str, str], beside: Twin, signer: Authority, concurrency: int
) -> tuple[Took, list[str]]:
    """Send them; what it took, and every answer that was not the recorded one."""
    asked: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in requests:
        asked[each["device"]].append(each)
    odd: list[str] = []
    with timed(beside, resource.RUSAGE_SELF) as took:
        uvloop.run(_all(asked, endpoints, signer, concurrency, odd))
    return took[0], odd


async def _all(
    asked: dict[str, list[dict[str, Any]]],
    endpoints: dict[str, str],
    signer: Authority,
    concurrency: int,
    odd: list[str],
) -> None:
    # A floor must not be held up by what it does not need to know: it verifies nothing.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    slots = asyncio.Semaphore(concurrency)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=120, ssl=context)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def one(device: str) -> None:
            bmc = Bmc(endpoints[device], http, context, signer)
            async with slots:
                await bmc.send(asked[device])
            odd.extend(f"{device}: {each}" for each in bmc.odd)

        await asyncio.gather(*(one(device) for device in asked))
