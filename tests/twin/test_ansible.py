"""Ansible's community.general.redfish_… operate and read a server of each shape; what it then is, the twin says.

One process serves all shapes at once, because each module call starts an interpreter of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from twin_parts import BIOS, attributes, media
from twin_support import SERVERS, Twin
from twin_trust import Notary, Trusted

pytestmark = pytest.mark.slow

PLAYBOOK = Path(__file__).with_name("redfish.yml")
IMAGE = "https://127.0.0.1/images/debian.iso"


@dataclass
class Ansible:
    """A playbook's process, run with one tag after another."""

    devices: dict[str, Trusted]
    folder: Path
    authority_file: Path

    def __call__(self, tag: str) -> dict[str, dict[str, Any]]:
        """Result by task and shape. Every task must succeed."""
        status, results = self.run(tag)
        failed = {
            (task, shape): result.get("msg")
            for task, hosts in results.items()
            for shape, result in hosts.items()
            if result.get("failed")
        }
        assert (status, failed) == (0, {})
        return results

    def run(self, tag: str) -> tuple[int, dict[str, dict[str, Any]]]:
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"servers": {"hosts": {name: self.host(name) for name in self.devices}}}))
        configuration = self.folder / "ansible.cfg"
        configuration.touch()  # empty, so that no other is found
        program = Path(sys.executable).parent / "ansible-playbook"
        environment = next(iter(self.devices.values())).environment | {
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_CONFIG": str(configuration),
            "ANSIBLE_PIPELINING": "true",
            "LC_ALL": "C.UTF-8",
        }
        command = [str(program), "-i", str(inventory), "--tags", tag, str(PLAYBOOK)]
        done = subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        (play,) = json.loads(done.stdout)["plays"]
        return done.returncode, {each["task"]["name"]: each["hosts"] for each in play["tasks"]}

    def host(self, shape: str) -> dict[str, Any]:
        device, (name, word, _) = self.devices[shape], BIOS[shape]
        return {
            "ansible_python_interpreter": sys.executable,
            "baseuri": device.url.removeprefix("https://"),
            "user": device.user,
            "password": device.password,
            "ca_path": str(self.authority_file),
            "media_category": "Systems" if shape == "leigong" else "Manager",
            "image": IMAGE,
            "bios": {name: word},
        }


@pytest.fixture
def ansible(twin: Twin, notary: Notary, tmp_path: Path) -> Ansible:
    devices = {shape: notary.enrol(twin, twin.fresh(shape)) for shape in SERVERS}
    return Ansible(devices, tmp_path, notary.file)


def changed(results: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    """Which shapes each task changed."""
    return {
        task: {shape for shape, result in hosts.items() if result.get("changed")} for task, hosts in results.items()
    }


def nothing(tasks: Iterable[str]) -> dict[str, set[str]]:
    return {task: set() for task in tasks}


def test_from_the_factory_to_on_and_back(ansible: Ansible, twin: Twin) -> None:
    everywhere = set(SERVERS)
    first = changed(ansible("declare"))
    assert first == dict.fromkeys(
        ("account", "role", "boot", "media", "restore policy", "time service", "bios"), everywhere
    )
    # SetBiosAttributes looks at what is in effect, not at what waits, so it stages again until the server has started.
    assert changed(ansible("declare")) == nothing(first) | {"bios": everywhere}
    for device in ansible.devices.values():
        bmc = device.bmc
        boot = bmc.get(bmc.system)["Boot"]
        assert (boot["BootSourceOverrideEnabled"], boot["BootSourceOverrideTarget"]) == ("Once", "Pxe")
        assert bmc.get(media(bmc))["Image"] == IMAGE
        assert bmc.get(bmc.get(bmc.manager)["NetworkProtocol"]["@odata.id"])["NTP"]["ProtocolEnabled"] is True
        bmc.auth = ("keeper", "Keeper-Word-1")
        assert bmc.ask("GET", bmc.system).status == 200
        bmc.auth = (device.user, device.password)
    start = ansible("start")
    assert changed(start) == {"power on": everywhere, "is on": set(), "still on": set()}
    assert changed(ansible("started")) == {"bios": set()}
    for shape, device in ansible.devices.items():
        assert attributes(device.bmc)[BIOS[shape][0]] == BIOS[shape][1]
        assert twin.device(device.name)["power_ons"] == 1
    assert changed(ansible("undo")) == dict.fromkeys(("power off", "media out", "no account"), everywhere)
    # VirtualMediaEject fails where no drive names the image any more, so it is not among these.
    assert changed(ansible("undone")) == nothing(("power off", "no account"))
    for device in ansible.devices.values():
        assert device.bmc.power() == "Off"
        assert device.bmc.get(media(device.bmc))["Inserted"] is False


def test_what_it_reads(ansible: Ansible) -> None:
    """Everything but what the twin has not: host interfaces, a boot order, software inventory, updates, HPE's own.

    Of power and temperatures it reads the older Power and Thermal only.
    """
    lacking = {"boot_order", "host_interfaces", "software", "update_status"}
    lacking |= {"hpe_fan_percent_min", "hpe_thermal_config"}
    found = ansible("read")["everything"]
    assert set(found) == set(SERVERS)
    counts = {"fanjing": (2, 16, 2), "leigong": (2, 24, 12), "wumeng": (1, 8, 2)}
    for shape, result in found.items():
        facts, bmc = result["redfish_facts"], ansible.devices[shape].bmc
        # Leigong has its log and drives at the system; the manager's commands, which come last, look at the manager.
        elsewhere = {"log", "virtual_media"} if shape == "leigong" else set()
        assert {name for name, fact in facts.items() if not fact["ret"]} == lacking | elsewhere
        assert facts["system"]["entries"][0][1]["SerialNumber"] == bmc.get(bmc.system)["SerialNumber"]
        processors, memory = facts["cpu"]["entries"][0][1], facts["memory"]["entries"][0][1]
        drives = [drive for unit in facts["disk"]["entries"][0][1] for drive in unit["Drives"]]
        assert (len(processors), len(memory), len(drives)) == counts[shape]
        assert facts["bios_attribute"]["entries"][0][1] == attributes(bmc)


def test_another_authority_is_not_trusted(ansible: Ansible, tmp_path: Path) -> None:
    ansible.authority_file = Notary(tmp_path).file
    status, results = ansible.run("started")
    assert status != 0
    for result in results["bios"].values():
        assert result["failed"]
        assert "CERTIFICATE_VERIFY_FAILED" in result["msg"]
