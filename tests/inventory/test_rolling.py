"""`playbooks/rolling.yml`, run by Ansible over the lab's inventory: no two members of a redundancy group are ever down.

Its hosts are files on this machine. What is real is the plan, the inventory, Ansible, and the order of things.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import pytest

from karst.inventory.batches import members_of, redundancy_groups
from karst.inventory.groups import groups_of, inventory
from karst.plan.pipeline import plan
from karst.site.load import load

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
RUN_S = 240

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts that are files in a folder."""

    folder: Path
    names: tuple[str, ...]
    groups: dict[str, dict[str, frozenset[str]]]

    def start(self, *options: str, **variables: object) -> subprocess.Popen[str]:
        given = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "rolling_tasks": str(HERE / "take_down.yml"),
            "rolling_healthy": f"test -e {self.folder}/{{{{ rolling_member | default(inventory_hostname) }}}}.up",
            "rolling_back_s": 2,
            "rolling_look_every_s": 1,
            "test_down": f"{sys.executable} -S {HERE / 'rolling_host.py'} {self.folder}",
            **variables,
        }
        command = [Path(sys.executable).parent / "ansible-playbook", "playbooks/rolling.yml", *options]
        return subprocess.Popen(
            [*command, "-i", self.folder / "inventories" / "lab", "-e", orjson.dumps(given).decode()],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str, **variables: object) -> tuple[int, str]:
        process = self.start(*options, **variables)
        out, _ = process.communicate(timeout=RUN_S)
        return process.returncode, out

    def log(self) -> list[tuple[str, str]]:
        file = self.folder / "log"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(line.split()[0], line.split()[1]) for line in lines]

    def down(self) -> set[str]:
        return {name for name in self.names if not (self.folder / f"{name}.up").exists()}

    def wait_for_one_down(self, run: subprocess.Popen[str], rack: str = "") -> None:
        deadline = time.monotonic() + RUN_S
        while not any(name.startswith(rack) for name in self.down()):
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.02)

    def check(self) -> None:
        """Nowhere in the log were two members of a redundancy group down."""
        now: set[str] = set()
        for what, name in self.log():
            now = now | {name} if what == "down" else now - {name}
            for group, members in self.groups.items():
                hit = [member for member, hosts in members.items() if hosts & now]
                assert len(hit) <= 1, f"{group}: {hit} were down at once, as {name} went"


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    found = inventory(plan(load(ROOT / "sites" / "lab", ROOT / "hardware")))
    groups: dict[str, list[str]] = {"all": list(found.hosts)}
    for name, of_host in groups_of(found).items():
        for group in of_host:
            groups.setdefault(group, []).append(name)
    for name in found.hosts:
        (tmp_path / f"{name}.up").touch()
    # An inventory of its own, in a clone, as one run over an inventory at a time is what is allowed.
    for name in ("Pulumi.yaml", "sites", "hardware"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "inventories" / "lab", tmp_path / "inventories" / "lab")
    return Hosts(tmp_path, tuple(found.hosts), redundancy_groups(members_of(groups, found.hosts)))


def test_every_host_once_rack_after_rack_and_no_other_run_beside_it(hosts: Hosts) -> None:
    process = hosts.start()
    hosts.wait_for_one_down(process)
    status, out = hosts.run()
    assert status != 0
    assert "another run over" in out
    out, _ = process.communicate(timeout=RUN_S)
    assert process.returncode == 0, out
    assert sorted(name for what, name in hosts.log() if what == "down") == sorted(hosts.names)
    assert hosts.down() == set()
    hosts.check()
    racks = list(dict.fromkeys(name.rpartition("-")[0] for _, name in hosts.log()))
    assert racks == ["h1-r1-01", "h1-r1-02", "h1-r1-03"]


def test_it_stops_at_the_first_domain_that_does_not_come_back(hosts: Hosts) -> None:
    (hosts.folder / "h1-r1-02-s03.broken").touch()
    status, out = hosts.run()
    assert status != 0
    assert hosts.down() == {"h1-r1-02-s03"}
    assert not [name for _, name in hosts.log() if name.startswith("h1-r1-03")], out
    hosts.check()
    # Started again it goes to that domain first, and no further as long as it is down.
    before = len(hosts.log())
    status, out = hosts.run()
    assert status != 0
    assert {name.rpartition("-")[0] for _, name in hosts.log()[before:]} == {"h1-r1-02"}, out
    hosts.check()


def test_killed_and_started_again_it_takes_first_whom_it_left_down(hosts: Hosts) -> None:
    process = hosts.start()
    hosts.wait_for_one_down(process, "h1-r1-02")
    # Its workers too, which have sessions of their own: a machine that lost its power.
    for each in (psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.communicate()
    left = hosts.down()
    assert left
    before = len(hosts.log())
    status, out = hosts.run()
    assert status == 0, out
    batch = hosts.log()[before : before + 8]  # four hosts, each down and up
    assert {name.rpartition("-")[0] for _, name in batch} == {"h1-r1-02"}
    assert hosts.down() == set()
    hosts.check()


def test_workers_of_a_killed_run_are_waited_for(hosts: Hosts) -> None:
    process = hosts.start()
    hosts.wait_for_one_down(process)
    process.kill()  # and not its workers, which will take their host down and up again
    status, out = hosts.run()
    if status:  # else they had ended before the second run began
        assert "or workers of one that was killed" in " ".join(out.split())
    hosts.check()
    process.communicate()


def test_nobody_goes_while_another_of_the_same_cluster_is_down(hosts: Hosts) -> None:
    (hosts.folder / "h1-r1-03-s04.up").unlink()
    status, out = hosts.run(rolling_hosts="rack_h1_r1_01")
    assert status != 0
    assert "down are h1-r1-03-s04" in out
    assert hosts.log() == []


def test_an_unreachable_host_is_down(hosts: Hosts) -> None:
    local = "{{ 'ssh' if inventory_hostname == 'h1-r1-03-s04' else 'local' }}"
    process_options = ("-e", "ansible_port=1", "-e", "ansible_host=127.0.0.1")
    status, out = hosts.run(*process_options, rolling_hosts="rack_h1_r1_01", ansible_connection=local)
    assert status != 0
    assert "down are h1-r1-03-s04" in out
    assert hosts.log() == []


def test_a_limit_is_refused(hosts: Hosts) -> None:
    status, out = hosts.run("--limit", "rack_h1_r1_01")
    assert status != 0
    assert "give -e rolling_hosts=rack_h1_r1_01 in its place" in out
    assert hosts.log() == []
