"""Claims of Ansible over qixing's 50,000 hosts, all delivered and active, against a static YAML inventory of the same:

- the start of a play limited to one host is at least 10 times faster;
- `ansible-inventory --list` is at least 5 times faster, and prints the same.

The static file is in the form that Ansible reads fastest (parents before children, what racks, rows and the site share
said once), and no other plugin gets to look at it first. The floor is Ansible with one host.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5

from karst.plan.pipeline import plan
from karst.plan.rack import rack
from karst.site.deliveries import HEADER
from karst.site.load import load

CLONE = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
GOALS = {"one_host": 10.0, "list": 5.0}
PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - debug: {msg: "{{ rack }} {{ ansible_host }}"}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A fresh process from its start to its end."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Cavern:
    """A clone of one site, whose servers are all there, and its two inventories."""

    folder: Path
    one: str
    hosts: int

    def inventory(self, kind: str) -> str:
        return {"karst": "inventories/karst.yml", "static": "static/hosts.yml", "floor": f"{self.one},"}[kind]


def say(text: str) -> None:
    sys.stderr.write(f"inventory: {text}\n")
    sys.stderr.flush()


def cavern(folder: Path, site: Path) -> Cavern:
    """Everything is delivered and active: the more there is to read, the dearer it is for the plugin alone."""
    for name in ("hardware", "inventory_plugins", "filter_plugins", "ansible.cfg", "Pulumi.yaml"):
        (folder / name).symlink_to(CLONE / name)
    copy = folder / "sites" / site.name
    shutil.copytree(site, copy)
    racks = copy / "racks.yml"
    racks.write_text(racks.read_text().replace("status: planned", "status: active"))
    planned = plan(load(copy, folder / "hardware"))
    full = [rack(planned, name) for name in planned.racks]
    with (copy / "assets.csv").open("w", newline="") as file:
        deliver = csv.writer(file, lineterminator="\n")
        deliver.writerow(HEADER)
        for device in (name for each in full for name in (*each.servers, *each.pdus)):
            digest = hashlib.sha256(device.encode()).hexdigest()
            mac = ":".join(digest[at : at + 2] for at in range(0, 12, 2))
            deliver.writerow([device, f"KT{digest[:10].upper()}", uuid5(NAMESPACE_DNS, device), mac, digest, "factory"])
    hosts = [name for each in full for name in each.servers]
    (folder / "inventories").mkdir()
    (folder / "inventories" / "karst.yml").write_text(f"plugin: karst\nsite: {site.name}\n")
    (folder / "static").mkdir()
    with (folder / "static" / "hosts.yml").open("w") as file:
        subprocess.run([BIN / "karst", "inventory", site.name], cwd=folder, check=True, stdout=file)
    (folder / "play.yml").write_text(PLAY)
    return Cavern(folder, hosts[len(hosts) // 2], len(hosts))


def run(cavern: Cavern, kind: str, what: str) -> Run:
    source = ["-i", cavern.inventory(kind)]
    if what == "list":
        command = ["ansible-inventory", *source, "--list", "--output", f"{kind}.json"]
    else:
        given = ["-e", "rack=none", "-e", "ansible_host=none"] if kind == "floor" else []
        command = ["ansible-playbook", *source, "--limit", cavern.one, *given, "play.yml"]
    began = time.perf_counter()
    environment = os.environ | {"ANSIBLE_CONFIG": str(CLONE / "ansible.cfg")}
    process = subprocess.Popen(
        [BIN / command[0], *command[1:]],
        cwd=cavern.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or (what == "one_host" and f"ok: [{cavern.one}]" not in out):
        raise SystemExit(f"{' '.join(command)} failed:\n{out}")
    found = Run(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
    say(f"{kind}, {what}: {found.wall_s:.1f} s, {found.peak_mib:.0f} MiB")
    return found


def median(runs: Sequence[Run]) -> dict[str, float]:
    return {
        "wall_s": round(statistics.median(each.wall_s for each in runs), 2),
        "cpu_s": round(statistics.median(each.cpu_s for each in runs), 2),
        "peak_mib": round(max(each.peak_mib for each in runs)),
    }


def measure(cavern: Cavern, times: int) -> dict[str, object]:
    runs: dict[str, dict[str, list[Run]]] = {}
    for number in range(times):
        for kind in ("floor", "karst", "static"):
            for what in GOALS:
                if kind != "static" or number == 0:  # it takes minutes, and is far from where chance would matter
                    runs.setdefault(kind, {}).setdefault(what, []).append(run(cavern, kind, what))
    same = (cavern.folder / "karst.json").read_bytes() == (cavern.folder / "static.json").read_bytes()
    figures = {kind: {what: median(of) for what, of in each.items()} for kind, each in runs.items()}
    ratio = {
        what: round(figures["static"][what]["cpu_s"] / figures["karst"][what]["cpu_s"], 1) for what in GOALS
    }  # of processor time: wall time is the machine's mood, too
    return {
        "benchmark": "inventory",
        "figures": {
            "hosts": cavern.hosts,
            "karst": figures["karst"],
            "static": figures["static"],
            "static_mib": round((cavern.folder / "static" / "hosts.yml").stat().st_size / 2**20, 1),
            "lists_are_the_same": same,
            "runs": times,
        },
        "floor": {**figures["floor"], "what": "Ansible with one host and no variables"},
        "ratio": ratio,
        "goal": GOALS,
        "met": same and all(ratio[what] >= goal for what, goal in GOALS.items()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=CLONE / "sites" / "qixing", help="folder of the site")
    parser.add_argument("--runs", type=int, default=3, help="of the plugin and the floor; the median counts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="karst-inventory-") as folder:
        print(json.dumps(measure(cavern(Path(folder), given.site), given.runs)))


if __name__ == "__main__":
    main()
