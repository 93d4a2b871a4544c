"""A small certificate authority: the site's own, whose certificates BMCs, the control plane and our daemons carry.

PEM is `str` throughout. Certificates follow RFC 5280 closely enough for OpenSSL's strict mode (Python's
`ssl.VERIFY_X509_STRICT`): key identifiers, critical basic constraints and key usage, addresses as IP SANs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Flag, auto
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from karst.files import write_private
from karst.pki_strict import unfit

# A BMC fresh from the factory has a clock that lags until it has found its time server.
_BACKDATE = timedelta(hours=1)
_MAX_COMMON_NAME = 64  # RFC 5280 ub-common-name
_MIN_RSA_BITS = 2048

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class PkiError(ValueError):
    """A certificate, key or request that cannot be used; the message says why and holds no key material."""


class Usage(Flag):
    """What a certificate may be used for: its extended key usage."""

    SERVER = auto()
    CLIENT = auto()


def fingerprint(certificate_pem: str) -> str:
    """SHA-256 of the (first) certificate, 64 lowercase hex digits, as `assets.csv` has it. Raises PkiError."""
    return _parse_certificate(certificate_pem).fingerprint(hashes.SHA256()).hex()


def public_key_of_key(key_pem: str) -> str:
    """The public half (PEM, SubjectPublicKeyInfo) of a private key. Raises PkiError."""
    return _public_pem(_parse_key(key_pem).public_key())


def create_key() -> str:
    """A new P-256 private key, PEM (PKCS #8, not encrypted: it belongs into `write_private`)."""
    return _key_pem(ec.generate_private_key(ec.SECP256R1()))


def create_csr(key_pem: str, common_name: str) -> str:
    """A signing request for the key, as a BMC makes one. Raises PkiError."""
    key = _parse_key(key_pem)
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(common_name)).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True, slots=True, repr=False)
class Authority:
    """A certificate authority: its certificate and its key. Has no repr, so that a log cannot hold the key."""

    certificate: x509.Certificate
    key: PrivateKey

    @classmethod
    def load(cls, certificate_pem: str, key_pem: str) -> Authority:
        """From PEM. Raises PkiError if the two do not belong together, or if nobody would believe what it signs."""
        certificate, key = _parse_certificate(certificate_pem), _parse_key(key_pem)
        if reason := unfit(certificate, datetime.now(UTC)):
            raise PkiError(reason)
        if _public_pem(certificate.public_key()) != _public_pem(key.public_key()):
            raise PkiError("the key does not belong to the authority's certificate")
        return cls(certificate, key)

    @classmethod
    def load_or_create(cls, folder: Path, common_name: str, organisation: str, days: int) -> Authority:
        """The authority in `folder` (`ca.crt`, `ca.key` 0600), made there if it has none. Raises PkiError, OSError."""
        certificate_file, key_file = folder / "ca.crt", folder / "ca.key"
        if certificate_file.exists():
            return cls.load(certificate_file.read_text(), key_file.read_text())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        authority = create_authority(common_name, organisation, days)
        # The certificate last: it is what says that the pair is whole.
        write_private(key_file, authority.key_pem)
        write_private(certificate_file, authority.certificate_pem, mode=0o644)
        return authority

    @property
    def certificate_pem(self) -> str:
        """The authority's certificate."""
        return _certificate_pem(self.certificate)

    @property
    def key_pem(self) -> str:
        """The authority's private key, not encrypted."""
        return _key_pem(self.key)

    def sign_csr(
        self,
        csr_pem: str,
        *,
        addresses: Iterable[IPv4Address],
        names: Iterable[str] = (),
        days: int,
        now: datetime | None = None,
    ) -> str:
        """A server certificate for the request's key, for exactly these addresses and DNS names.

        Of the request only the key is taken, after its signature has proved possession: subject, alternative names
        and extensions are what the caller states. Raises PkiError.
        """
        try:
            request = x509.load_pem_x509_csr(csr_pem.encode())
            if not request.is_signature_valid:
                raise PkiError("the signing request's signature does not match its key")
            public_key = _check_public_key(request.public_key())
        except PkiError:
            raise
        except (ValueError, TypeError, InvalidSignature) as fault:
            raise PkiError(f"not a usable signing request: {fault}") from fault
        addresses, names = list(addresses), list(names)
        if not addresses and not names:
            raise PkiError("a server certificate needs at least one address or name")
        common_name = names[0] if names else str(addresses[0])
        subject = _name(common_name[:_MAX_COMMON_NAME])
        return self._sign(public_key, subject, addresses, names, Usage.SERVER, days, now)

    def issue(
        self,
        common_name: str,
        organisations: Iterable[str] = (),
        addresses: Iterable[IPv4Address] = (),
        names: Iterable[str] = (),
        usage: Usage = Usage.SERVER,
        days: int = 365,
        now: datetime | None = None,
    ) -> tuple[str, str]:
        """Certificate and a new P-256 key for a daemon or user of ours: `(certificate PEM, key PEM)`.

        For Kubernetes `common_name` is the user and `organisations` its groups. Raises PkiError.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(common_name, organisations)
        return self._sign(key.public_key(), subject, list(addresses), list(names), usage, days, now), _key_pem(key)

    def _sign(
        self,
        public_key: PublicKey,
        subject: x509.Name,
        addresses: list[IPv4Address],
        names: list[str],
        usage: Usage,
        days: int,
        now: datetime | None,
    ) -> str:
        now = now or datetime.now(UTC)
        # No certificate outlives its authority, or chains would break on a day nobody expects.
        end = min(now + timedelta(days=days), self.certificate.not_valid_after_utc)
        if end <= now:
            raise PkiError(f"the authority's certificate ended on {end:%Y-%m-%d}")
        start = max(now - _BACKDATE, self.certificate.not_valid_before_utc)
        uses = [ExtendedKeyUsageOID.SERVER_AUTH] if Usage.SERVER in usage else []
        uses += [ExtendedKeyUsageOID.CLIENT_AUTH] if Usage.CLIENT in usage else []
        builder = (
            _builder(subject, self.certificate.subject, public_key, start, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(encipher=isinstance(public_key, rsa.RSAPublicKey)), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .add_extension(self._authority_key_identifier(), critical=False)
        )
        try:
            alternatives = [*(x509.IPAddress(each) for each in addresses), *(x509.DNSName(each) for each in names)]
            if alternatives:
                builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        except ValueError as fault:
            raise PkiError(f"not a name for a certificate: {fault}") from fault
        return _certificate_pem(builder.sign(self.key, hashes.SHA256()))

    def _authority_key_identifier(self) -> x509.AuthorityKeyIdentifier:
        try:
            own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        except x509.ExtensionNotFound:
            return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def create_authority(common_name: str, organisation: str, days: int, now: datetime | None = None) -> Authority:
    """A new self-signed P-256 authority that signs end certificates only (path length 0). Raises PkiError."""
    now = now or datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(common_name, [organisation])
    builder = (
        _builder(subject, subject, key.public_key(), now - _BACKDATE, now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(sign_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: PublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, sign_certificates: bool = False, encipher: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_encipherment=encipher,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, organisations: Iterable[str] = ()) -> x509.Name:
    parts = [*((NameOID.ORGANIZATION_NAME, each) for each in organisations), (NameOID.COMMON_NAME, common_name)]
    try:
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    except ValueError as fault:
        raise PkiError(f"not a name for a certificate: {fault}") from fault


def _parse_certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as fault:
        raise PkiError(f"not a certificate in PEM: {fault}") from fault


def _parse_key(pem: str) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        # The cause is left out on purpose: nothing that was near a key belongs into a message.
        raise PkiError("not a private key in PEM without a passphrase") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise PkiError("the private key is neither of an elliptic curve nor RSA")
    return key


def _check_public_key(key: object) -> PublicKey:
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1", "secp521r1"):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    raise PkiError("the request's key is neither NIST P-256/384/521 nor RSA of at least 2048 bits")


def _certificate_pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _public_pem(key: object) -> str:
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise PkiError("the public key is neither of an elliptic curve nor RSA")
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _key_pem(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
