"""The plugin in Ansible's own processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from karst.workspace import secrets
from karst.workspace.paths import Paths
from karst.workspace.workspace import load_or_create

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Run:
    """A command that has ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Clone:
    """What Ansible needs of a clone."""

    folder: Path

    def run(self, command: str, *arguments: str, **environment: str) -> Run:
        done = subprocess.run(
            [BIN / command, *arguments],
            cwd=self.folder,
            env=os.environ | {"ANSIBLE_NOCOLOR": "1"} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def list(self, inventory: str) -> dict[str, Any]:
        done = self.run("ansible-inventory", "-i", inventory, "--list")
        assert done.status == 0, done.err
        found: dict[str, Any] = orjson.loads(done.out)
        return found

    def write(self, name: str, text: str) -> str:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return name

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    for name in ("hardware", "inventory_plugins", "filter_plugins"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("ansible.cfg", "Pulumi.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("sites/lab", "inventories"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.rmtree(tmp_path / "inventories/lab/group_vars")  # what is compared is the plugin's alone
    (tmp_path / "sites" / "qixing").symlink_to(ROOT / "sites" / "qixing")
    return Clone(tmp_path)


def test_the_static_inventory_beside_it_is_the_lab_s_and_says_the_same(clone: Clone) -> None:
    printed = clone.run("karst", "inventory", "lab")
    assert (ROOT / "inventories" / "lab-static" / "hosts.yml").read_text() == printed.out, (
        "karst inventory lab > inventories/lab-static/hosts.yml"
    )
    assert clone.list("inventories/lab") == clone.list("inventories/lab-static")


def test_a_site_with_faults_is_no_inventory_and_every_fault_is_named(clone: Clone) -> None:
    clone.edit("sites/lab/racks.yml", "device_type: leigong-r220", "device_type: leigong-r22")
    clone.edit("sites/lab/clusters.yml", "halls: [h1]", "halls: [h2]")
    done = clone.run("ansible-inventory", "--list")
    assert done.status != 0
    assert "leigong-r22" in done.err
    assert "h2" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("site: labb", "there is no site 'labb'"),
        ("site: lab\nhost_map: {prefix: 10.0.0.300/16}", "expected {prefix: 10.0.0.0/16, port: 22}"),
        ("site: lab\nhost_map: {prefixes: 10.0.0.0/16}", "expected {prefix: 10.0.0.0/16, port: 22}"),
        ("site: lab\nstatuses: [alive]", "alive"),
        ("site: lab\nhost_map: {prefix: 127.80.0.0/28}", "too small"),
    ],
)
def test_a_faulty_file_is_named(clone: Clone, said: str, told: str) -> None:
    file = clone.write("inventories/other/karst.yml", f"plugin: karst\n{said}\n")
    done = clone.run("ansible-inventory", "-i", file, "--list")
    assert done.status != 0
    assert told in done.err
    assert "Traceback" not in done.err


def test_what_is_held_is_a_host_and_what_is_not_active_is_not(clone: Clone) -> None:
    change = (
        "racks:\n  h1-r1-02:\n    servers:\n"
        "      s02: {hold: {who: lin.yu, why: 'a {{ template }}', until: 2027-03-31}}\n      s04: {status: failed}\n"
    )
    with (clone.folder / "sites/lab/racks.yml").open("a") as file:
        file.write(change)
    found = clone.list("inventories/lab")
    hosts = found["_meta"]["hostvars"]
    assert found["held"] == {"hosts": ["h1-r1-02-s02"]}
    assert "h1-r1-02-s04" not in hosts
    # Free text never becomes a template.
    assert hosts["h1-r1-02-s02"]["hold"]["why"] == {"__ansible_unsafe": "a {{ template }}"}
    clone.write("inventories/all/karst.yml", "plugin: karst\nsite: lab\nstatuses: [active, failed]\n")
    assert clone.list("inventories/all")["status_failed"] == {"hosts": ["h1-r1-02-s04"]}
    static = clone.run("karst", "inventory", "lab")
    clone.write("static/hosts.yml", static.out)
    assert clone.list("static") == found


def test_nothing_is_there_yet_is_said(clone: Clone) -> None:
    done = clone.run("ansible-inventory", "-i", "inventories/qixing", "--list")
    assert "qixing has no server whose status is one of: active" in " ".join(done.err.split())


def test_the_twin_s_addresses_come_from_the_workspace_and_no_secret_does(clone: Clone) -> None:
    paths = Paths(clone.folder, clone.folder / ".karst")
    workspace = load_or_create(paths, "lab", "test", "test")
    done = clone.run("ansible-inventory", "--list", KARST_HOME=str(paths.home))
    assert done.status == 0, done.err
    hosts = orjson.loads(done.out)["_meta"]["hostvars"]
    host = hosts["h1-r1-02-s03"]
    assert host["bmc"] == f"https://127.64.0.67:{workspace.ports['bmc']}"
    assert (host["ansible_host"], host["ansible_port"]) == ("127.80.0.67", workspace.ports["ssh"])
    assert host["ansible_ssh_common_args"] == f"-F {paths.ssh_config}"
    kept = orjson.dumps(secrets.read(paths)).decode() + paths.passphrase.read_text()
    words = {word for word in kept.replace('"', " ").replace(",", " ").split() if len(word) > 12}
    assert words
    assert not [word for word in words if word in done.out + done.err]


def test_constructed_options(clone: Clone) -> None:
    file = clone.write(
        "inventories/other/karst.yml",
        "plugin: karst\nsite: lab\nstrict: true\ncompose: {slot: rack ~ '/' ~ u}\ngroups: {tall: height_u > 1}\n"
        "keyed_groups: [{key: u | string, prefix: unit}]\n",
    )
    found = clone.list(file)
    slot = found["_meta"]["hostvars"]["h1-r1-02-s03"]["slot"]
    assert slot == {"__ansible_unsafe": "h1-r1-02/3"}  # as Ansible prints what a template made
    assert found["tall"]["hosts"] == ["h1-r1-01-s03", "h1-r1-02-s03", "h1-r1-03-s03"]
    assert "h1-r1-01-s04" in found["unit_5"]["hosts"]


def test_two_sources_of_one_host_are_refused(clone: Clone) -> None:
    done = clone.run("ansible-inventory", "-i", "inventories/lab-static", "-i", "inventories/lab", "--list")
    assert done.status != 0
    assert "h1-r1-01-s01 is a host of another source already" in done.err


def test_bastion_and_vault(clone: Clone) -> None:
    """The examples of qixing, over the lab's hosts: variables of the plan, of files and of a vault work together."""
    shutil.copytree(clone.folder / "inventories/qixing/group_vars", clone.folder / "inventories/lab/group_vars")
    password = clone.write("password", "a test's\n")
    vault = clone.write("inventories/lab/group_vars/all/vault.yml", "vault_become_password: found\n")
    assert clone.run("ansible-vault", "encrypt", "--vault-password-file", password, vault).status == 0
    assert (clone.folder / vault).read_text().startswith("$ANSIBLE_VAULT;")
    message = "{{ ansible_ssh_common_args }} {{ ansible_become_password }}"
    done = clone.run(
        *("ansible", "h1-r1-01-s01", "--vault-password-file", password, "-m", "debug", "-a", f"msg='{message}'")
    )
    assert "-o ProxyJump=karst@10.72.0.2 found" in done.out, done.err


def test_adding_hosts_to_groups_in_a_play_touches_only_them(clone: Clone) -> None:
    """Hosts alike share how their groups were worked out, never the groups themselves."""
    play = clone.write(
        "play.yml",
        "- hosts: rack_h1_r1_01\n  gather_facts: false\n  tasks:\n"
        "    - group_by: {key: 'seen_{{ u }}'}\n"
        '    - debug: {msg: \'{{ inventory_hostname }} {{ group_names | select("match", "seen") | list }}\'}\n',
    )
    done = clone.run("ansible-playbook", play)
    assert done.status == 0, done.out + done.err
    for host, u in (("s01", 1), ("s02", 2), ("s03", 3), ("s04", 5)):
        assert f"h1-r1-01-{host} ['seen_{u}']" in done.out
