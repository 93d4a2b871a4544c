"""Ansible on the hosts of this benchmark, with the lab's own inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from converging.hosts import CLONE, Hosts

BIN = Path(sys.executable).parent
INVENTORY = CLONE / "inventories" / "lab-static" / "hosts.yml"


def ansible(hosts: Hosts, *what: str) -> dict[str, Any]:
    """Run a playbook, or a module on all hosts, and return the JSON report."""
    program = "ansible-playbook" if what[0].endswith(".yml") else "ansible"
    sources = ["-i", INVENTORY, "-i", hosts.folder / "reached.yml", "--limit", ",".join(hosts.addresses)]
    environment = os.environ | {
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
    }
    run = subprocess.run(
        [BIN / program, *sources, *what], cwd=CLONE, env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise SystemExit(f"{' '.join(what)} failed:\n{run.stdout[-8000:]}\n{run.stderr}")
    report: dict[str, Any] = json.loads(run.stdout[run.stdout.index("{\n") :])
    return report
