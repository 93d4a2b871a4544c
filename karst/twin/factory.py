"""The twin's factory: identity and first certificate of a device, made from its name alone.

The same name gives the same serial number, UUID, MAC address and certificate on every machine, so that a delivery
note can be committed. Real factories know nothing of a site; this one stands in for many.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from karst.site.assets import Asset

# Every device of the twin leaves the factory with the same credential; its name in `assets.csv`.
FACTORY_CREDENTIAL = "factory"

# Fixed, so that the certificate's bytes never change; longer than any test will live.
NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2045, 1, 1, tzinfo=UTC)

# Order of the group P-256 (SP 800-186): private keys lie in 1 … order - 1.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

COLUMNS = ("device", "serial_number", "uuid", "bmc_mac", "certificate_sha256", "factory_credential")


@dataclass(frozen=True, slots=True)
class Identity:
    """What the factory engraves."""

    serial_number: str
    uuid: UUID
    mac: str


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str


def _digest(name: str, purpose: str) -> bytes:
    return hashlib.sha256(f"karst twin factory/{purpose}/{name}".encode()).digest()


def identity(name: str) -> Identity:
    """Serial number, UUID and BMC MAC of the device called `name`."""
    return Identity(
        serial_number="KT" + _digest(name, "serial").hex()[:10].upper(),
        uuid=UUID(bytes=_digest(name, "uuid")[:16], version=4),
        mac=_mac(name, "mac"),
    )


def port_mac(name: str, index: int) -> str:
    """MAC address of the `index`-th network interface of the server called `name`."""
    return _mac(name, f"port/{index}")


def _mac(name: str, purpose: str) -> str:
    mac = bytearray(_digest(name, purpose)[:6])
    mac[0] = (mac[0] & 0xFC) | 0x02  # locally administered, unicast: never a real maker's
    return mac.hex(":")


def certificate(name: str) -> KeyPair:
    """The self-signed certificate that the device called `name` serves until it is given another."""
    scalar = int.from_bytes(_digest(name, "key"), "big") % (P256_ORDER - 1) + 1
    key = ec.derive_private_key(scalar, ec.SECP256R1())
    serial_number = identity(name).serial_number
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial_number)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(_digest(name, "certificate")[:16], "big") >> 1)
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        # RFC 6979 signatures: the fingerprint must not change from one making to the next.
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return KeyPair(
        built.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


@lru_cache(maxsize=4096)
def asset(name: str) -> Asset:
    """The line of the delivery note for the device called `name`."""
    made = identity(name)
    parsed = x509.load_pem_x509_certificate(certificate(name).certificate.encode())
    return Asset(
        device=name,
        serial_number=made.serial_number,
        uuid=made.uuid,
        bmc_mac=made.mac,
        certificate_sha256=parsed.fingerprint(hashes.SHA256()).hex(),
        factory_credential=FACTORY_CREDENTIAL,
    )


def delivery_note(names: Iterable[str]) -> str:
    """The delivery note as CSV with a header, one line a device, in the order given."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name in names:
        line = asset(name).model_dump(mode="json")
        writer.writerow([line[column] for column in COLUMNS])
    return out.getvalue()
