"""The last test of all: a host shuts down, and is started again."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import testinfra
from sensors import CLOCK, FAN, INLET, POWER, USUAL, metrics, put, settings, within

SCRATCH = os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]


def podman(*arguments):
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout


def running(container):
    return podman("inspect", "--format={{.State.Running}}", container).strip() == "true"


@pytest.fixture
def container():
    """host-2's. Started again afterwards, at another address maybe, in cool air and as a boot leaves it."""
    rows = json.loads(podman("ps", "--all", "--format=json", f"--filter=label=karst.scenario={SCRATCH}"))
    (found,) = (row["Id"] for row in rows if "-host-2-" in row["Names"][0])
    yield found
    podman("start", found)
    for file, value in ((INLET, "24000"), *zip((CLOCK, POWER, FAN), USUAL, strict=True)):
        podman("exec", found, "sh", "-c", f"echo {value} > {file}")
    address = podman("inspect", "--format={{.NetworkSettings.IPAddress}}", found).strip()
    config = Path(SCRATCH, "ssh_config")
    line = "Host host-2\n  HostName "
    config.write_text(re.sub(rf"{line}\S+", f"{line}{address}", config.read_text()))


def test_what_is_critical_once_throttles_and_what_stays_so_shuts_the_host_down(container):
    host = testinfra.get_host("ssh://host-2", ssh_config=f"{SCRATCH}/ssh_config", sudo=True)
    before = settings(host)
    # A sensor that errs once shuts nothing down. On the host itself, as from here a second look may take too long.
    seen = f"until ! grep -q {USUAL[0]} {CLOCK}; do sleep 0.1; done"
    host.check_output(f"echo 45000 > {INLET}; {seen}; echo 24000 > {INLET}")
    assert within(30, lambda: settings(host) == before)
    assert metrics(host)["karst_inlet_c"] == 24
    put(host, INLET, 45)
    assert within(30, lambda: not running(container))
