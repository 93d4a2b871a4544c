"""The lab with hosts on three of its servers, configured by Ansible; how tests reach and verify them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.site.load import load
from tests.host_image import host_image
from tests.stacks.clone import KARST, ROOT, Clone

# The lab with an image on one server of each rack.
HOSTS = tuple(f"h1-r1-{rack:02d}-s04" for rack in (1, 2, 3))
HARDENED = HOSTS[0]
FALSE = "ntp-4"
LAST = HOSTS[2]  # to be shut down, when power ends
# How long things take of which nobody wants to wait three minutes.
QUICK = {"power_stop_s": 5, "power_poll_s": 1, "power_primary_wait_s": 2, "power_export_s": 1}
ANSIBLE = KARST.parent / "ansible-playbook"
FOLDERS = ("action_plugins", "filter_plugins", "inventory_plugins", "library", "lookup_plugins", "module_utils")


@contextmanager
def configured(folder: Path) -> Iterator[Clone]:
    """Build it, and have Ansible configure its hosts."""
    host_image()
    bare = Clone.create_without_cluster(folder)
    made = Clone(bare.folder, hosts=True)
    for name in (*FOLDERS, "playbooks", "roles"):
        (made.folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "inventories", made.folder / "inventories")
    shutil.copy(ROOT / "ansible.cfg", made.folder)
    of_last = made.folder / "inventories" / "lab" / "host_vars" / f"{LAST}.yml"
    of_last.parent.mkdir()
    of_last.write_text("power_order_s: {compute: 10}\n")
    racks = made.folder / "sites" / "lab" / "racks.yml"
    racks.write_text(racks.read_text().replace("        image: debian-12\n", "", 3))
    try:
        assert made.up()["servers_on"] == 12
        for words in (
            ("playbooks/network.yml", "--limit", ",".join(HOSTS)),
            ("playbooks/firewall.yml", "--limit", ",".join(HOSTS)),
            ("playbooks/hardening.yml", "--limit", HARDENED),
            ("playbooks/time.yml", "--limit", ",".join(HOSTS)),
            ("playbooks/power.yml", "--limit", ",".join(HOSTS), "-e", json.dumps(QUICK)),
        ):
            run = made.run(ANSIBLE, *words)
            assert run.status == 0, run.all
        yield made
    finally:
        made.karst("down", "--force")


def ssh(clone: Clone, name: str, script: str, *, known_as: str = "") -> str:
    config = ["-F", str(clone.home / "ssh" / "config"), "-o", "BatchMode=yes", "-o", f"HostKeyAlias={known_as or name}"]
    command = ["ssh", *config, name, script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def planned(clone: Clone) -> Plan:
    return plan(load(clone.folder / "sites" / "lab", ROOT / "hardware"))


def verified(clone: Clone, *arguments: str) -> tuple[int, dict[str, Any]]:
    run = clone.karst("verify", "lab", "--format", "json", *arguments)
    assert run.status in (0, 1, 3), run.all
    return run.status, json.loads(run.out)


def wrong(report: dict[str, Any]) -> dict[tuple[str, str, str], str]:
    found = report["findings"]
    return {
        (each["device"], each["check"], each["part"]): each["outcome"] for each in found if each["outcome"] != "passed"
    }
