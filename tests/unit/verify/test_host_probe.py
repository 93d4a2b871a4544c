"""What a host's probe prints, and what is made of it; of a host that says nonsense nothing is believed."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from karst.provider.planned import HostMap
from karst.ssh_ca import SshAuthority
from karst.verify.hosts import PROBE, HostReach, HostTarget, observe
from karst.verify.observed import Clock, TimeSource
from karst.verify.reading.host import read

CHRONY = """\
0A48000B,10.72.0.11,2,1795666400.123456789,-0.000012345,0.000010000,0.000020000,-1.500,0.001,0.050,0.000400000,0.000600000,64.2,Normal
^,*,10.72.0.11,1,6,377,12,0.000010000,0.000011000,0.000300000
^,?,10.72.0.12,0,6,0,4294967295,0.000000000,0.000000000,0.000000000
^,x,10.72.0.14,1,6,17,12,-5.000010000,-5.000011000,0.000300000
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> SshAuthority:
    return SshAuthority.load_or_create(tmp_path_factory.mktemp("ssh"))


def document(**changed: Any) -> dict[str, Any]:
    found = {
        "os_release": {"text": 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n'},
        "image": {"text": "apt 2.6.1\nbase-files 12.4+deb12u12\nbash 5.2\n"},
        "certificate": {"fault": "no such file"},
        "systemd": {"text": "degraded", "errors": "", "status": 1},
        "failed_units": {"text": "nginx.service loaded failed failed A server", "errors": "", "status": 0},
        "chrony": {"text": CHRONY, "errors": "", "status": 0},
        "hostname": {"text": "h1"},
    }
    return {**found, **changed}


def printed(**changed: Any) -> bytes:
    return json.dumps(document(**changed)).encode()


def test_what_it_prints_is_read(authority: SshAuthority) -> None:
    pair = authority.issue_host("h1 https://images/debian.iso", ["h1"], 1)
    found = read(printed(certificate={"text": f"{pair.certificate}\n"}), authority.hosts_public)
    assert (found.unread, dict(found.gaps)) == ("", {})
    assert (found.name, found.key_id) == ("h1", "h1 https://images/debian.iso")
    assert (found.release, found.image_release) == ("debian 12", "debian 12")
    assert (found.state, found.failed_units) == ("degraded", ("nginx.service",))
    assert found.clock == Clock(follows="10.72.0.11", offset_s=-0.000012345, delay_s=0.0004, dispersion_s=0.0006)
    assert found.clock.error_s == pytest.approx(0.000812345)
    assert found.sources == {
        "10.72.0.11": TimeSource(mark="*", answers=True, offset_s=-0.00001, error_s=0.0003),
        "10.72.0.12": TimeSource(mark="?", answers=False, offset_s=0.0, error_s=0.0),
        "10.72.0.14": TimeSource(mark="x", answers=True, offset_s=5.00001, error_s=0.0003),
    }


def test_another_authority_s_word_is_none(authority: SshAuthority, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = SshAuthority.load_or_create(tmp_path_factory.mktemp("other"))
    pair = other.issue_host("h1 https://images/debian.iso", ["h1"], 1)
    found = read(printed(certificate={"text": pair.certificate}), authority.hosts_public)
    assert found.key_id is None
    assert found.gaps["key_id"] == "its host certificate is not signed by the site's SSH CA"


@pytest.mark.parametrize(
    ("changed", "gaps"),
    [
        (
            {"chrony": {"text": "506 Cannot talk to daemon", "errors": "", "status": 1}},
            {
                "clock": "chrony failed: 506 Cannot talk to daemon",
                "sources": "chrony failed: 506 Cannot talk to daemon",
            },
        ),
        (
            {"chrony": {"text": "a,b", "status": 0}},
            {"clock": "chronyc said what cannot be read: a,b", "sources": "chronyc said what cannot be read: a,b"},
        ),
        ({"image": {"text": "apt 2"}}, {"image_release": "/etc/karst-image names no base-files"}),
        ({"os_release": {"text": "NAME=x"}}, {"release": "os-release names no release"}),
    ],
)
def test_a_part_that_says_nothing_is_a_gap(
    authority: SshAuthority, changed: dict[str, Any], gaps: dict[str, str]
) -> None:
    found = read(printed(**changed), authority.hosts_public)
    assert {section: why for section, why in found.gaps.items() if section != "key_id"} == gaps
    assert all(getattr(found, section) is None for section in gaps)


@pytest.mark.parametrize("said", [b"", b"Welcome!\n", b"[]", b'{"systemd": 3}', b"\xff\xfe"])
def test_nonsense_is_unread(authority: SshAuthority, said: bytes) -> None:
    assert read(said, authority.hosts_public).unread.startswith("the host answered no document of the probe, but: ")


def test_a_part_that_is_missing_is_a_gap(authority: SshAuthority) -> None:
    found = read(b"{}", authority.hosts_public)
    assert found.state is None
    assert found.gaps["state"] == "the probe did not tell systemd"


def test_the_probe_runs_on_any_machine(authority: SshAuthority) -> None:
    done = subprocess.run([sys.executable, "-I", "-"], input=PROBE, capture_output=True, check=True)
    found = read(done.stdout, authority.hosts_public)
    assert found.unread == ""
    assert found.name


def asked(authority: SshAuthority, port: int) -> str:
    prefix = IPv4Network("127.0.0.0/24")
    reach = HostReach(authority.hosts_public, HostMap(prefix, prefix, port), Path("/dev/null"))
    told: list[str] = []
    found = asyncio.run(observe([HostTarget("h1", f"127.0.0.1:{port}", reach)], told.append))
    assert told == ["1 of 1 hosts"]
    return found["h1"].unread


def test_a_host_that_does_not_answer_is_unread(authority: SshAuthority) -> None:
    with socket.socket() as bound:  # and not listening
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert asked(authority, port) == f"ssh: connect to host 127.0.0.1 port {port}: Connection refused"


def test_without_ssh_nothing_is_read(authority: SshAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert asked(authority, 1) == "ssh is not on PATH; install openssh-client"
