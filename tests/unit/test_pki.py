"""The authority: what it signs, what it refuses, and that OpenSSL's strict mode believes it, over real TLS."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from karst import pki
from karst.files import write_private
from karst.pki import Authority, PkiError, Usage
from karst.redfish import trust
from karst.redfish.trust import tls

HERE = IPv4Address("127.0.0.1")
OTHER = IPv4Address("127.0.0.2")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return pki.create_authority("Lab CA", "Karst", 30)


@contextmanager
def tls_server(tmp_path: Path, certificate: str, key: str, client_ca: str | None = None) -> Iterator[int]:
    """Serve TLS handshakes on every loopback address; the port. Faults of single handshakes are the client's to see."""
    write_private(tmp_path / "server.key", key)
    (tmp_path / "server.crt").write_text(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_verify_locations(cadata=client_ca)
    listener = socket.create_server(("0.0.0.0", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as session:
                    session.sendall(b"karst")
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def greet(port: int, address: IPv4Address, ca: str, client: tuple[Path, Path] | None = None) -> bytes:
    context = ssl.create_default_context(cadata=ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if client:
        context.load_cert_chain(*client)
    with (
        socket.create_connection((str(address), port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=str(address)) as session,
    ):
        return session.recv(10)


def test_a_bmc_s_request_becomes_a_certificate_that_strict_tls_believes_for_its_address_alone(
    authority: Authority, tmp_path: Path
) -> None:
    key = pki.create_key()
    certificate = authority.sign_csr(pki.create_csr(key, "anything"), addresses=[HERE], days=7)
    with tls_server(tmp_path, certificate, key) as port:
        assert greet(port, HERE, authority.certificate_pem) == b"karst"
        with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
            greet(port, OTHER, authority.certificate_pem)
        stranger = pki.create_authority("Lab CA", "Karst", 30)
        with pytest.raises(ssl.SSLCertVerificationError):
            greet(port, HERE, stranger.certificate_pem)


def test_mutual_tls_needs_a_client_certificate(authority: Authority, tmp_path: Path) -> None:
    server = authority.issue("etcd", addresses=[HERE], usage=Usage.SERVER | Usage.CLIENT)
    files: dict[Usage, tuple[Path, Path]] = {}
    for usage in Usage:
        certificate, key = authority.issue("someone", ["team"], addresses=[HERE], usage=usage)
        files[usage] = (tmp_path / f"{usage.name}.crt", tmp_path / f"{usage.name}.key")
        files[usage][0].write_text(certificate)
        write_private(files[usage][1], key)
    with tls_server(tmp_path, *server, client_ca=authority.certificate_pem) as port:
        assert greet(port, HERE, authority.certificate_pem, files[Usage.CLIENT]) == b"karst"
        for bad in (None, files[Usage.SERVER]):
            with pytest.raises(OSError):  # noqa: PT011 - the alert or the reset, whichever comes first
                greet(port, HERE, authority.certificate_pem, bad)


def test_openssl_verifies_strictly(authority: Authority, tmp_path: Path) -> None:
    certificate, _ = authority.issue("x", addresses=[HERE])
    (tmp_path / "ca.crt").write_text(authority.certificate_pem)
    (tmp_path / "x.crt").write_text(certificate)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "127.0.0.1"]
    done = subprocess.run(
        [*command, "-CAfile", "ca.crt", "x.crt"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_of_a_request_only_the_key_is_taken(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    greedy = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "system:admin")]))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("10.0.0.9"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    pem = authority.sign_csr(greedy, addresses=[HERE], names=["bmc-1"], days=7)
    certificate = x509.load_pem_x509_certificate(pem.encode())
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternatives.get_values_for_type(x509.IPAddress) == [HERE]
    assert alternatives.get_values_for_type(x509.DNSName) == ["bmc-1"]
    assert certificate.subject.rfc4514_string() == "CN=bmc-1"
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.public_key() == key.public_key()


def test_requests_that_prove_nothing_are_refused(authority: Authority) -> None:
    request = x509.load_pem_x509_csr(pki.create_csr(pki.create_key(), "x").encode())
    der = bytearray(request.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    tampered = ssl.DER_cert_to_PEM_cert(bytes(der)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    weak_key = rsa.generate_private_key(65537, 1024)
    weak = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(weak_key, hashes.SHA256())
    cases = {
        "signature": tampered,
        "2048": weak.public_bytes(serialization.Encoding.PEM).decode(),
        "not a usable": "rubbish",
    }
    for words, csr in cases.items():
        with pytest.raises(PkiError, match=words):
            authority.sign_csr(csr, addresses=[HERE], days=7)
    with pytest.raises(PkiError, match="at least one"):
        authority.sign_csr(pki.create_csr(pki.create_key(), "x"), addresses=[], days=7)


def test_rsa_keys_of_older_bmcs_are_signed(authority: Authority, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    certificate = authority.sign_csr(pki.create_csr(key_pem, "x"), addresses=[HERE], days=7)
    with tls_server(tmp_path, certificate, key_pem) as port:
        assert greet(port, HERE, authority.certificate_pem) == b"karst"


def test_no_certificate_outlives_its_authority(authority: Authority) -> None:
    certificate, _ = authority.issue("x", days=4000)
    assert x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc == (
        authority.certificate.not_valid_after_utc
    )
    with pytest.raises(PkiError, match="ended on"):
        authority.issue("x", now=datetime.now(UTC) + timedelta(days=31))


def test_load_gives_back_what_was_kept_and_refuses_what_does_not_fit(authority: Authority, tmp_path: Path) -> None:
    kept = Authority.load_or_create(tmp_path / "ca", "Lab CA", "Karst", 30)
    again = Authority.load_or_create(tmp_path / "ca", "other", "other", 1)
    assert again.certificate_pem == kept.certificate_pem
    assert again.key_pem == kept.key_pem
    assert (tmp_path / "ca" / "ca.key").stat().st_mode & 0o777 == 0o600
    leaf, leaf_key = authority.issue("x")
    for certificate, key, words in (
        (authority.certificate_pem, leaf_key, "does not belong"),
        (leaf, leaf_key, "not one of a certificate authority"),
        ("rubbish", leaf_key, "not a certificate"),
        (leaf, "rubbish", "not a private key"),
    ):
        with pytest.raises(PkiError, match=words):
            Authority.load(certificate, key)


def custom(without: str = "", *, root: bool = True, ended: bool = False) -> Authority:
    """An authority as another program may have made it, under a root of its own or not, and without something."""
    key, above = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Other CA", "Root")]
    now = datetime.now(UTC)
    signer = key if root else above
    usage = dict.fromkeys(("digital_signature", "key_encipherment", "content_commitment"), False)
    usage |= dict.fromkeys(("data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False)
    extensions: dict[str, tuple[x509.ExtensionType, bool]] = {
        "constraints": (x509.BasicConstraints(ca=without != "ca", path_length=None), without != "critical"),
        "usage": (x509.KeyUsage(**usage, key_cert_sign=without != "sign", crl_sign=True), True),
        "subject": (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        "authority": (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
    }
    builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[0 if root else 1])
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=9))
    builder = builder.not_valid_after(now + timedelta(days=-1 if ended else 30))
    for name, (extension, critical) in extensions.items():
        if name != without:
            builder = builder.add_extension(extension, critical=critical)
    return Authority(builder.sign(signer, hashes.SHA256()), key)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (custom("ca"), "not one of a certificate authority"),
        (custom("constraints"), "not one of a certificate authority"),
        (custom("critical"), "not marked critical"),
        (custom("usage"), "keyCertSign"),
        (custom("sign"), "keyCertSign"),
        (custom("subject"), "no subject key identifier"),
    ],
)
def test_an_authority_that_nobody_would_believe_is_refused(made: Authority, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=reason):
        Authority.load(made.certificate_pem, made.key_pem)
    assert not believed(made, tmp_path)


def test_an_authority_whose_time_is_over_is_refused() -> None:
    made = custom(ended=True)
    with pytest.raises(PkiError, match=r"is valid from .* to .* UTC, and it is"):
        Authority.load(made.certificate_pem, made.key_pem)


@pytest.mark.parametrize("root", [True, False])
def test_another_s_authority_is_believed_as_a_root_or_under_one(root: bool, tmp_path: Path) -> None:
    made = custom(root=root)
    assert believed(Authority.load(made.certificate_pem, made.key_pem), tmp_path)


def believed(made: Authority, tmp_path: Path) -> bool:
    """Whether the provider would trust a BMC whose certificate this authority signed."""
    key = pki.create_key()
    certificate = made.sign_csr(pki.create_csr(key, "bmc"), addresses=[HERE], days=1)
    context = tls(trust.Authority(made.certificate_pem))
    assert isinstance(context, ssl.SSLContext)
    with (
        tls_server(tmp_path, certificate, key) as port,
        socket.create_connection((str(HERE), port), timeout=10) as connection,
    ):
        try:
            with context.wrap_socket(connection, server_hostname=str(HERE)) as session:
                return session.recv(5) == b"karst"
        except ssl.SSLCertVerificationError:
            return False


def test_a_key_is_never_printed(authority: Authority) -> None:
    assert "PRIVATE" not in repr(authority)
    assert "PRIVATE" not in str(authority)


def test_fingerprint_is_openssl_s(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(authority.certificate_pem)
    command = ["openssl", "x509", "-in", "ca.crt", "-noout", "-fingerprint", "-sha256"]
    out = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert pki.fingerprint(authority.certificate_pem) == out.strip().split("=")[1].replace(":", "").lower()


def test_private_files_are_whole_or_absent_and_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_private(tmp_path / "folder", "x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "secret"]
