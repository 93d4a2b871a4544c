"""The SSH authority, judged by OpenSSH."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from karst.ssh_ca import SshAuthority, SshCaError, known_hosts, read_host_certificate

KEY_ID = "h1-r1-01-s01 https://images.example/debian-12.iso"
NAMES = ("h1-r1-01-s01", "10.80.0.1")


@pytest.fixture
def authority(tmp_path: Path) -> SshAuthority:
    return SshAuthority.load_or_create(tmp_path / "ssh")


def shown(certificate: str, folder: Path) -> str:
    """What ssh-keygen says of a certificate."""
    file = folder / "cert.pub"
    file.write_text(certificate)
    return subprocess.run(["ssh-keygen", "-L", "-f", file], capture_output=True, text=True, check=True).stdout


def test_it_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first = SshAuthority.load_or_create(tmp_path / "ssh")
    again = SshAuthority.load_or_create(tmp_path / "ssh")
    assert (first.hosts_public, first.users_public) == (again.hosts_public, again.users_public)
    assert first.hosts_public != first.users_public
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "ssh").iterdir()} == {0o600}


def test_openssh_reads_a_host_certificate(authority: SshAuthority, tmp_path: Path) -> None:
    said = shown(authority.issue_host(KEY_ID, NAMES, 30).certificate, tmp_path)
    assert "ssh-ed25519-cert-v01@openssh.com host certificate" in said
    assert f'Key ID: "{KEY_ID}"' in said
    assert all(name in said for name in NAMES)


def test_openssh_reads_a_user_certificate(authority: SshAuthority, tmp_path: Path) -> None:
    said = shown(authority.issue_user("operator", ["karst"], 1).certificate, tmp_path)
    assert "user certificate" in said
    assert "permit-pty" in said


def test_what_a_certificate_says_is_believed(authority: SshAuthority) -> None:
    found = read_host_certificate(authority.issue_host(KEY_ID, NAMES, 30).certificate, authority.hosts_public)
    assert (found.key_id, found.principals) == (KEY_ID, NAMES)


def test_what_is_not_to_be_believed(authority: SshAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = SshAuthority.load_or_create(tmp_path / "other")
    cases = {
        "not signed by the site's SSH CA": other.issue_host(KEY_ID, NAMES, 30).certificate,
        "no host certificate": authority.issue_user("operator", ["karst"], 1).certificate,
        "it shows no host": authority.hosts_public,
        "not a key or certificate": "nonsense",
    }
    for why, certificate in cases.items():
        with pytest.raises(SshCaError, match=why):
            read_host_certificate(certificate, authority.hosts_public)
    certificate = authority.issue_host(KEY_ID, NAMES, 1).certificate
    later = time.time() + 2 * 86400
    monkeypatch.setattr("karst.ssh_ca.time.time", lambda: later)
    with pytest.raises(SshCaError, match="does not hold now"):
        read_host_certificate(certificate, authority.hosts_public)


def test_known_hosts_trusts_the_authority_alone(authority: SshAuthority) -> None:
    assert known_hosts(authority.hosts_public) == f"@cert-authority * {authority.hosts_public}\n"


def test_a_broken_key_is_named_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "host_ca").write_text("secret words")
    with pytest.raises(SshCaError, match="host_ca holds no private key") as fault:
        SshAuthority.load_or_create(tmp_path)
    assert "secret words" not in str(fault.value)
