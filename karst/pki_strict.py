"""What OpenSSL's strict mode (`ssl.VERIFY_X509_STRICT`) demands of an authority's certificate, told beforehand.

An authority that a BMC's certificate cannot be verified by is found when it is loaded: once BMCs carry certificates
that it signed, each of them would have to be put right.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from cryptography import x509

E = TypeVar("E", bound=x509.ExtensionType)


def unfit(certificate: x509.Certificate, now: datetime) -> str | None:
    """Why no certificate would be believed that this one's key signs; nothing if it would."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    if constraints is None or not constraints.value.ca:
        return "the certificate is not one of a certificate authority (basic constraints: CA)"
    if not constraints.critical:
        return "the authority's basic constraints are not marked critical"
    if usage is None or not usage.value.key_cert_sign:
        return "the authority's certificate does not allow it to sign (key usage: keyCertSign)"
    if _extension(certificate, x509.SubjectKeyIdentifier) is None:
        return "the authority's certificate has no subject key identifier"
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        return (
            f"the authority's certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} "
            f"to {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, and it is {now:%Y-%m-%d %H:%M}"
        )
    return None


def _extension(certificate: x509.Certificate, kind: type[E]) -> x509.Extension[E] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None
