"""Both paths end. The last test of all, as the hosts are off afterwards: `molecule destroy` before the next run."""

import json
import os
import subprocess
import time

import testinfra
from ups import LOW, put, within

SCRATCH = os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]
BATTERY_S = 60


def podman(*arguments):
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout


def containers():
    """Return each host's container by the host's name."""
    rows = json.loads(podman("ps", "--all", "--format=json", f"--filter=label=karst.scenario={SCRATCH}"))
    return {f"host-{number}": row["Id"] for row in rows for number in (1, 2) if f"-host-{number}-" in row["Names"][0]}


def running(container):
    return podman("inspect", "--format={{.State.Running}}", container).strip() == "true"


def test_both_paths_low_shut_hosts_down_in_order_before_the_batteries_end(tmp_path):
    found = containers()
    hosts = [testinfra.get_host(f"ssh://{name}", ssh_config=f"{SCRATCH}/ssh_config", sudo=True) for name in found]
    begun = time.monotonic()
    for host in hosts:
        put(host, "a", LOW, BATTERY_S)
        put(host, "b", LOW, BATTERY_S)
    assert within(BATTERY_S, lambda: not any(running(container) for container in found.values()))
    assert time.monotonic() - begun < BATTERY_S
    # What a service wrote as it was stopped: it was not killed.
    stopped = {}
    for name, container in found.items():
        podman("cp", f"{container}:/var/lib/work-stopped", str(tmp_path / name))
        stopped[name] = float((tmp_path / name).read_text())
    # Of the eight seconds that the control plane waits for the others.
    assert stopped["host-2"] - stopped["host-1"] > 4
