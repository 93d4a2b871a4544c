"""Who gets in: what sshd and PAM do as they run, whatever file it comes from. Numbers are controls of MLPS 2.0."""

from __future__ import annotations

from testinfra.host import Host

SSHD = {
    "permitrootlogin": "no",
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "permitemptypasswords": "no",
    "permituserenvironment": "no",
    "x11forwarding": "no",
    "allowtcpforwarding": "no",
    "permittunnel": "no",
    "usepam": "yes",
}
LOCK_AFTER_MOST, LOCK_LEAST_S = 5, 900


def settings(text: str) -> dict[str, str]:
    pairs = (line.replace("=", " ").split(None, 1) for line in text.splitlines() if not line.startswith("#"))
    return {pair[0].lower(): pair[1].strip() if len(pair) > 1 else "" for pair in pairs if pair}


def test_8_1_4_1_c_sshd_takes_keys_alone(host: Host) -> None:
    found = settings(host.check_output("sshd -T"))
    assert {key: found.get(key) for key in SSHD} == SSHD


def test_8_1_4_1_c_ssh_speaks_modern_ciphers_alone(host: Host) -> None:
    found = settings(host.check_output("sshd -T"))
    assert [each for each in found["ciphers"].split(",") if "cbc" in each or "arcfour" in each] == []
    assert [each for each in found["macs"].split(",") if "-etm@" not in each] == []
    assert [each for each in found["kexalgorithms"].split(",") if each.endswith("sha1")] == []


def test_8_1_4_1_b_failed_logins_lock_an_account(host: Host) -> None:
    found = settings(host.file("/etc/security/faillock.conf").content_string)
    assert 0 < int(found["deny"]) <= LOCK_AFTER_MOST
    assert int(found["unlock_time"]) >= LOCK_LEAST_S
    stack = host.file("/etc/pam.d/common-auth").content_string
    assert "pam_faillock.so preauth" in stack
    assert "pam_faillock.so authfail" in stack


def test_8_1_4_1_a_no_account_has_an_empty_password(host: Host) -> None:
    shadow = [line.split(":") for line in host.file("/etc/shadow").content_string.splitlines()]
    assert [name for name, password, *_ in shadow if not password] == []


def test_8_1_4_2_a_nobody_but_root_is_root(host: Host) -> None:
    accounts = [line.split(":") for line in host.check_output("getent passwd").splitlines()]
    assert [name for name, _, uid, *_ in accounts if uid == "0"] == ["root"]
