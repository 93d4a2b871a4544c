"""Heat that stays. The last test of all, as a host is off afterwards: `molecule destroy` before the next run."""

import json
import os
import subprocess

import testinfra
from sensors import CLOCK, INLET, USUAL, metrics, put, settings, within

SCRATCH = os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]


def podman(*arguments):
    return subprocess.run(["podman", *arguments], check=True, capture_output=True, text=True).stdout


def test_what_is_critical_once_throttles_and_what_stays_so_shuts_the_host_down():
    rows = json.loads(podman("ps", "--all", "--format=json", f"--filter=label=karst.scenario={SCRATCH}"))
    (container,) = (row["Id"] for row in rows if "-host-2-" in row["Names"][0])
    host = testinfra.get_host("ssh://host-2", ssh_config=f"{SCRATCH}/ssh_config", sudo=True)
    # A sensor that errs once shuts nothing down. On the host itself, as from here a second look may take too long.
    seen = f"until ! grep -q {USUAL[0]} {CLOCK}; do sleep 0.1; done"
    host.check_output(f"echo 45000 > {INLET}; {seen}; echo 24000 > {INLET}")
    assert within(30, lambda: settings(host) == USUAL)
    assert metrics(host)["karst_inlet_c"] == 24
    put(host, INLET, 45)
    assert within(30, lambda: podman("inspect", "--format={{.State.Running}}", container).strip() == "false")
