"""The site's SSH authority: it signs the keys of hosts and of users, so that nobody trusts at first sight.

Two Ed25519 keys, one for hosts and one for users, so that neither can be taken for the other. Keys and certificates
are `str` in OpenSSH's own formats.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificate,
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_private_key,
    load_ssh_public_identity,
)

from karst.files import write_private

# A host's clock may lag until it has found its time server.
_BACKDATE_S = 3600
_DAY_S = 86400
_EXTENSIONS = (b"permit-pty", b"permit-port-forwarding", b"permit-agent-forwarding")


class SshCaError(ValueError):
    """A key or certificate that cannot be used; the message says why and holds no key material."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyPair:
    """A private key, its public half and the authority's certificate for it. Has no repr: it holds the key."""

    private: str
    public: str
    certificate: str


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """What a host shows: `key_id` is the authority's word of what it signed, `principals` are its names."""

    key_id: str
    principals: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class SshAuthority:
    """The two signing keys. Has no repr, so that a log cannot hold them."""

    hosts: Ed25519PrivateKey
    users: Ed25519PrivateKey

    @classmethod
    def load_or_create(cls, folder: Path) -> SshAuthority:
        """The authority in `folder` (`host_ca`, `user_ca`, 0600), made there if it has none.

        Raises SshCaError, OSError.
        """
        for name in ("host_ca", "user_ca"):
            if not (folder / name).exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_private(folder / name, _private(Ed25519PrivateKey.generate()))
        return cls(_load(folder / "host_ca"), _load(folder / "user_ca"))

    @property
    def hosts_public(self) -> str:
        """What vouches for hosts: `known_hosts` has it after `@cert-authority`."""
        return _public(self.hosts)

    @property
    def users_public(self) -> str:
        """What vouches for users: a host's `TrustedUserCAKeys`."""
        return _public(self.users)

    def issue_host(self, key_id: str, principals: Iterable[str], days: int) -> KeyPair:
        """A new host key, signed for these names and addresses."""
        return _issue(self.hosts, SSHCertificateType.HOST, key_id, principals, days)

    def issue_user(self, key_id: str, principals: Iterable[str], days: int) -> KeyPair:
        """A new user key, signed for these login names."""
        return _issue(self.users, SSHCertificateType.USER, key_id, principals, days)


def read_host_certificate(text: str, authority: str) -> HostCertificate:
    """What a host's certificate says, if `authority` (its public key) signed it and it holds now.

    Raises SshCaError that says why it is not to be believed.
    """
    try:
        found = load_ssh_public_identity(text.encode())
        trusted = load_ssh_public_identity(authority.encode())
    except ValueError as fault:
        raise SshCaError(f"not a key or certificate of SSH: {fault}") from fault
    if not isinstance(found, SSHCertificate) or found.type is not SSHCertificateType.HOST:
        raise SshCaError("it shows no host certificate")
    try:
        found.verify_cert_signature()
    except InvalidSignature:
        raise SshCaError("its host certificate's signature is wrong") from None
    if isinstance(trusted, SSHCertificate) or _bytes(found.signature_key()) != _bytes(trusted):
        raise SshCaError("its host certificate is not signed by the site's SSH CA")
    if not found.valid_after <= time.time() < found.valid_before:
        raise SshCaError("its host certificate does not hold now")
    return HostCertificate(found.key_id.decode(), tuple(each.decode() for each in found.valid_principals))


def known_hosts(authority: str) -> str:
    """A `known_hosts` file that trusts what the authority signed, and nothing else."""
    return f"@cert-authority * {authority}\n"


def _issue(
    signer: Ed25519PrivateKey, kind: SSHCertificateType, key_id: str, principals: Iterable[str], days: int
) -> KeyPair:
    key = Ed25519PrivateKey.generate()
    now = int(time.time())
    builder = (
        SSHCertificateBuilder()
        .public_key(key.public_key())
        .serial(int.from_bytes(os.urandom(8), "big") >> 1)
        .type(kind)
        .key_id(key_id.encode())
        .valid_principals([each.encode() for each in principals])
        .valid_after(now - _BACKDATE_S)
        .valid_before(now + days * _DAY_S)
    )
    if kind is SSHCertificateType.USER:
        for name in sorted(_EXTENSIONS):
            builder = builder.add_extension(name, b"")
    return KeyPair(_private(key), _public(key), builder.sign(signer).public_bytes().decode())


def _load(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_ssh_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError):
        # The cause is left out on purpose: nothing that was near a key belongs into a message.
        raise SshCaError(f"{file} holds no private key of OpenSSH without a passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SshCaError(f"{file} holds no Ed25519 key")
    return key


def _private(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _bytes(key: object) -> bytes:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)  # type: ignore[attr-defined,no-any-return]  # every SSH key has it
