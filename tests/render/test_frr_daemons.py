"""Devices' texts as the real FRR takes them: no fault, nothing that it would write otherwise, nothing to reload."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from karst.twin.fabric.daemons import Daemons, lacking
from karst.twin.fabric.ground import Ground
from tests.host_image import host_image

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/frr.conf"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _frr() -> None:
    host_image()  # with it come Debian's packages, of which FRR is one
    assert lacking() == ()


@pytest.fixture
def ground() -> Iterator[Ground]:
    with Ground() as made:
        yield made


def text_of(case: str) -> str:
    return (HERE / case / "frr.conf").read_text()


def running(ground: Ground, text: str) -> Daemons:
    """Return the daemons of a device of its own that has the interfaces of the text, and runs it."""
    words = [line.split() for line in text.splitlines() if line.startswith(("hostname ", "interface "))]
    (name,) = (word for kind, word in words if kind == "hostname")
    ground.add([name])
    ground.run(["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"], name)
    for interface in (word for kind, word in words if kind == "interface" and word != "lo"):
        ground.run(["ip", "link", "add", interface, "up", "type", "veth", "peer", "name", f"{interface}-far"], name)
    daemons = Daemons(ground, name)
    daemons.start()
    daemons.load(text)
    return daemons


@pytest.mark.parametrize("case", CASES)
def test_vtysh_finds_no_fault(case: str) -> None:
    command = ["vtysh", "--dryrun", "--inputfile", HERE / case / "frr.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("case", CASES)
def test_what_runs_is_written_as_it_was_loaded_and_a_reload_finds_no_difference(case: str, ground: Ground) -> None:
    daemons = running(ground, text_of(case))
    assert daemons.running() == text_of(case)
    assert daemons.difference(text_of(case)) == ""


def test_a_reload_finds_a_hand_edit_and_mends_it(ground: Ground) -> None:
    text = text_of("leaf")
    daemons = running(ground, text)
    daemons.command("configure terminal", "router bgp 4200000101", "no neighbor swp2 description")
    assert "neighbor swp2 description h1-r1-01-s02" in daemons.difference(text)
    daemons.reload(text)
    assert daemons.running() == text


def test_a_carrier_is_drained_by_a_reload(ground: Ground) -> None:
    daemons = running(ground, text_of("border"))
    daemons.reload(text_of("border_drained"))
    assert daemons.difference(text_of("border_drained")) == ""
