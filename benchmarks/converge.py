"""Claim of the roles: to converge hosts with them takes no longer than with pyinfra doing the same work.

Once with every file changed by hand and a service stopped, once with nothing to do. pyinfra is given the texts that the
roles' templates became, so it renders nothing; after each run of either every file on every host has to be the same.
The floor is Ansible with one task of one round trip.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from converging.hosts import CLONE, NAMES, Hosts, running
from converging.playing import ansible
from converging.work import Work, asked, spoil, state
from peers.environment import install

PYINFRA = "pyinfra==3.10.0"
GOAL = 1.0
REACHED = """
hosts = [
    (name, {{"ssh_hostname": address, "ssh_user": "karst", "ssh_key": "{folder}/key",
             "ssh_known_hosts_file": "{folder}/known_by_pyinfra", "ssh_strict_host_key_checking": "accept-new"}})
    for name, address in {addresses!r}.items()
]
"""
PLAYBOOK = "benchmarks/converging/site.yml"


def say(text: str) -> None:
    sys.stderr.write(f"converge: {text}\n")
    sys.stderr.flush()


def pyinfra(hosts: Hosts, program: Path) -> None:
    """Run the same work by pyinfra, on all hosts at once."""
    command = [program, "-y", "--sudo", "--parallel", str(len(hosts.addresses)), hosts.folder / "inventory.py"]
    run = subprocess.run(
        [*command, CLONE / "benchmarks" / "converging" / "deploy.py"],
        cwd=hosts.folder,
        env=os.environ | {"KARST_WORK": str(hosts.folder / "work.json")},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SystemExit(f"pyinfra failed:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}")


def prepare(hosts: Hosts) -> tuple[Work, dict[str, Any]]:
    """Converge for the first time, and note what was asked and what came of it."""
    began = time.perf_counter()
    work = asked(ansible(hosts, PLAYBOOK))
    say(f"first converge, with its packages: {time.perf_counter() - began:.0f} s")
    after = state(hosts, work)
    given = {name: {**each, "files": after[name]} for name, each in work.items()}
    (hosts.folder / "work.json").write_text(json.dumps(given))
    (hosts.folder / "inventory.py").write_text(REACHED.format(folder=hosts.folder, addresses=hosts.addresses))
    return work, after


def measure(hosts: Hosts, program: Path, times: int) -> dict[str, Any]:
    """Every tool in turn, changing and unchanging."""
    work, after = prepare(hosts)
    tools = {
        "ansible": lambda: ansible(hosts, PLAYBOOK),
        "pyinfra": lambda: pyinfra(hosts, program),
    }
    found: dict[str, dict[str, list[float]]] = {tool: {"changing": [], "unchanging": []} for tool in tools}
    floor = []
    for _ in range(times):
        for tool, converge in tools.items():
            for kind, seconds in found[tool].items():
                if kind == "changing":
                    spoil(hosts, work)
                began = time.perf_counter()
                converge()
                seconds.append(time.perf_counter() - began)
                say(f"{tool}, {kind}: {seconds[-1]:.1f} s")
                if state(hosts, work) != after:
                    raise SystemExit(f"{tool} did not do the same work")
        began = time.perf_counter()
        ansible(hosts, "all", "-m", "ansible.builtin.ping")
        floor.append(time.perf_counter() - began)
    median = {
        tool: {kind: round(statistics.median(of), 2) for kind, of in kinds.items()} for tool, kinds in found.items()
    }
    ratio = {kind: round(median["pyinfra"][kind] / median["ansible"][kind], 2) for kind in ("changing", "unchanging")}
    files = next(iter(work.values()))["files"]
    return {
        "benchmark": "converge",
        "figures": {"hosts": len(hosts.addresses), "files": len(files), "wall_s": median, "runs": times},
        "floor": {"wall_s": round(statistics.median(floor), 2), "what": "Ansible with one task of one round trip"},
        "ratio": ratio,
        "goal": dict.fromkeys(ratio, GOAL),
        "met": all(each >= GOAL for each in ratio.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=len(NAMES), help="of the lab's twelve")
    parser.add_argument("--runs", type=int, default=3, help="of each; the median counts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kc-", dir="/tmp") as name:
        program = install(Path(name) / "pyinfra", PYINFRA) / "pyinfra"
        with running(Path(name), NAMES[: given.hosts]) as hosts:
            print(json.dumps(measure(hosts, program, given.runs)))


if __name__ == "__main__":
    main()
