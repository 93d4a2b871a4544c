"""Both paths end. The last test of all: the hosts are off during it, and are started again."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import testinfra
from ups import LOW, put, within

SCRATCH = os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]
BATTERY_S = 60


def podman(*arguments):
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def containers():
    """By name of a host: its container. Started again afterwards, at other addresses maybe."""
    rows = json.loads(podman("ps", "--all", "--format=json", f"--filter=label=karst.scenario={SCRATCH}"))
    found = {f"host-{number}": row["Id"] for row in rows for number in (1, 2) if f"-host-{number}-" in row["Names"][0]}
    yield found
    config = Path(SCRATCH, "ssh_config")
    for name, container in found.items():
        podman("start", container)
        address = podman("inspect", "--format={{.NetworkSettings.IPAddress}}", container).strip()
        line = f"Host {name}\n  HostName "
        config.write_text(re.sub(rf"{line}\S+", f"{line}{address}", config.read_text()))


def running(container):
    return podman("inspect", "--format={{.State.Running}}", container).strip() == "true"


def test_both_paths_low_shut_hosts_down_in_order_before_the_batteries_end(containers, tmp_path):
    hosts = {
        name: testinfra.get_host(f"ssh://{name}", ssh_config=f"{SCRATCH}/ssh_config", sudo=True) for name in containers
    }
    begun = time.monotonic()
    for host in hosts.values():
        put(host, "a", LOW, BATTERY_S)
        put(host, "b", LOW, BATTERY_S)
    assert within(BATTERY_S, lambda: not any(running(container) for container in containers.values()))
    assert time.monotonic() - begun < BATTERY_S
    stopped = {}
    for name, container in containers.items():
        podman("cp", f"{container}:/var/lib/work-stopped", str(tmp_path / name))
        stopped[name] = float((tmp_path / name).read_text())
    # Of the eight seconds that the control plane waits for the others.
    assert stopped["host-2"] - stopped["host-1"] > 4
