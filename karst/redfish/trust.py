"""How a BMC proves who it is: by the factory certificate's fingerprint at first, by the site's CA ever after."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache

import aiohttp


@dataclass(frozen=True, slots=True)
class Pinned:
    """Trust exactly the certificate with this SHA-256 (of the DER, lower-case hex); nothing is sent to another."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Authority:
    """Trust what the CA (PEM) signed for the address that is dialled: the address must be among the certificate's."""

    pem: str


Trust = Pinned | Authority


def tls(trust: Trust) -> aiohttp.Fingerprint | ssl.SSLContext:
    """What aiohttp verifies by. Raises ssl.SSLError for a PEM that holds no certificate."""
    if isinstance(trust, Pinned):
        return aiohttp.Fingerprint(bytes.fromhex(trust.sha256))
    return _context(trust.pem)


@lru_cache(maxsize=8)
def _context(pem: str) -> ssl.SSLContext:
    # Built by hand and not by create_default_context: the system's authorities are no business of a BMC.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The authority itself is the anchor, be it a root or one under the site's root.
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=pem)
    return context
