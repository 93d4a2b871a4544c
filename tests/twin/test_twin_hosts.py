"""Hosts of the twin: installed because a BMC was told to, and living and dying as a server's operating system does."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from twin_support import REPOSITORY, SHORT, Bmc, Twin, new_twin, until

from karst.ssh_ca import SshAuthority, known_hosts
from karst.twin.home import Home
from karst.twin.hosts_podman import remove_all, twin_id
from tests.host_image import host_image

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]

IMAGE = "https://images.lab.karst.internal/debian-12.iso"
INSTALLED = "h1-r1-01-s01"  # by the test of its shape, for those after it
PATIENCE_S = 60.0
OF_HOSTS = ("--filter", "label=karst.server")  # and not of switches


@dataclass
class Bench:
    """A twin with hosts, and a way into them that trusts the site's SSH CA and nothing else."""

    twin: Twin
    folder: Path
    ssh_port: int

    def host(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.twin.device(name)["host"]
        return found

    def becomes(self, name: str, state: str) -> None:
        until(lambda: self.host(name)["state"] == state, PATIENCE_S)
        assert self.host(name)["fault"] == ""

    def ssh(self, name: str, script: str) -> str:
        """Standard output of a script on the host, once it lets us in."""
        options = {
            "UserKnownHostsFile": self.folder / "known_hosts",
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
            "HostKeyAlias": name,
            "ConnectTimeout": 5,
        }
        words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        address = self.host(name)["address"]
        command = ["ssh", "-F", "none", "-p", str(self.ssh_port), "-i", self.folder / "key", *words, f"karst@{address}"]

        def said() -> subprocess.CompletedProcess[str] | None:
            done = subprocess.run([*command, script], capture_output=True, text=True, check=False)
            return None if done.returncode == 255 and "refused" in done.stderr else done

        done: subprocess.CompletedProcess[str] = until(said, PATIENCE_S)
        assert done.returncode in (0, 255), done.stderr  # 255: the host has gone, as it was told
        return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    image, folder, port = host_image(), tmp_path_factory.mktemp("hosts"), free_port()
    twin = new_twin(folder, REPOSITORY / "sites" / "lab", "--host-image", image, "--ssh-port", str(port))
    try:
        twin.start()
        authority = SshAuthority.load_or_create(folder / "ssh")
        pair = authority.issue_user("test", ["karst"], 1)
        (folder / "key").write_text(pair.private)
        (folder / "key").chmod(0o600)
        (folder / "key-cert.pub").write_text(pair.certificate)
        (folder / "known_hosts").write_text(known_hosts(authority.hosts_public))
        yield Bench(twin, folder, port)
    finally:
        twin.stop()
        assert running(twin.home) == []
        remove_all(twin_id(twin.home))
        assert containers(twin.home) == []


def containers(home: Home, *filters: str) -> list[str]:
    command = ["podman", "ps", "--all", "--format", "{{.Names}}", "--filter", f"label=karst.twin={twin_id(home)}"]
    return subprocess.run([*command, *filters], capture_output=True, text=True, check=True).stdout.split()


def running(home: Home, *filters: str) -> list[str]:
    return containers(home, "--filter", "status=running", *filters)


def insert(bmc: Bmc, image: str) -> None:
    """Put a medium into the first drive, in the way of the shape."""
    system = bmc.get(bmc.system)
    holder = system if "VirtualMedia" in system else bmc.get(bmc.manager)
    drive = bmc.get(holder["VirtualMedia"]["@odata.id"])["Members"][0]["@odata.id"]
    actions = bmc.get(drive).get("Actions")
    if actions is None:
        assert bmc.patch(drive, {"Image": image, "Inserted": True}).status in (200, 204)
    else:
        assert bmc.post(actions["#VirtualMedia.InsertMedia"]["target"], {"Image": image}).status in (200, 204)


def boot_once(bmc: Bmc, target: str) -> None:
    once = {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": target}
    assert bmc.patch(bmc.system, {"Boot": once}).status in (200, 204)


def progress(bmc: Bmc) -> str:
    found: str = bmc.get(bmc.system)["BootProgress"]["LastState"]
    return found


@pytest.fixture
def name(shape: str) -> str:
    return f"h1-r1-01-{SHORT[shape]}"


@pytest.fixture
def bmc(bench: Bench, name: str) -> Iterator[Bmc]:
    made = bench.twin.bmc(name)
    yield made
    made.close()


def test_an_empty_disk_has_no_host(bench: Bench) -> None:
    name = "h1-r1-02-s01"
    bmc = bench.twin.bmc(name)
    bmc.reset_until("On", "On")
    assert bench.host(name) == {"state": "empty", "image": "", "address": "127.80.0.65", "fault": ""}
    assert progress(bmc) == "SystemHardwareInitializationComplete"
    # A medium alone installs nothing, nor does one that the image server does not have.
    insert(bmc, "https://elsewhere.example/other.iso")
    boot_once(bmc, "Cd")
    bmc.reset_until("ForceOff", "Off")
    bmc.reset_until("On", "On")
    assert bench.host(name)["state"] == "empty"
    assert containers(bench.twin.home, *OF_HOSTS) == []


def test_the_calls_of_an_installation_install(bench: Bench, name: str, bmc: Bmc) -> None:
    insert(bmc, IMAGE)
    boot_once(bmc, "Cd")
    assert bmc.reset("On").status in (200, 204)
    bench.becomes(name, "installing")
    bench.becomes(name, "running")
    assert progress(bmc) == "OSRunning"
    said = bench.ssh(name, "hostname -f; sudo id -u; systemctl is-system-running --wait").split()
    assert said == [f"{name}.lab.karst.internal", "0", "running"]


def test_a_host_is_stopped_in_order_and_keeps_its_disk(bench: Bench) -> None:
    bmc = bench.twin.bmc(name := INSTALLED)
    bench.ssh(name, "echo kept | sudo tee /var/kept")
    unit = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStop=/usr/bin/touch /var/stopped\n"
    bench.ssh(name, f"printf '{unit}' | sudo tee /run/systemd/system/noted.service; sudo systemctl start noted")
    bmc.reset_until("GracefulShutdown", "Off")
    assert bench.host(name)["state"] == "off"
    bmc.reset_until("On", "On")
    bench.becomes(name, "running")
    assert bench.ssh(name, "cat /var/kept; ls /var/stopped") == "kept\n/var/stopped"


def test_force_off_is_a_kill(bench: Bench) -> None:
    bmc = bench.twin.bmc(name := INSTALLED)
    bench.ssh(name, "sudo rm -f /var/stopped")
    unit = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStop=/usr/bin/touch /var/stopped\n"
    bench.ssh(name, f"printf '{unit}' | sudo tee /run/systemd/system/noted.service; sudo systemctl start noted")
    bmc.reset_until("ForceOff", "Off")
    bench.becomes(name, "off")
    bmc.reset_until("On", "On")
    bench.becomes(name, "running")
    assert bench.ssh(name, "ls /var/stopped || echo never") == "never"


@pytest.mark.parametrize("kind", ["ForceRestart", "GracefulRestart"])
def test_a_reset_restarts_it(bench: Bench, kind: str) -> None:
    bmc = bench.twin.bmc(name := INSTALLED)
    bench.ssh(name, "sudo touch /run/of_this_run")
    before = bench.twin.device(name)["resets"]
    assert bmc.reset(kind).status in (200, 204)
    until(lambda: bench.ssh(name, "ls /run/of_this_run || echo gone") == "gone", PATIENCE_S)
    assert bench.twin.device(name)["resets"] == before + 1
    assert bmc.power() == "On"


def test_it_may_restart_and_power_off_of_itself(bench: Bench) -> None:
    bmc = bench.twin.bmc(name := INSTALLED)
    bench.ssh(name, "sudo touch /run/of_this_run; sudo systemctl reboot")
    until(lambda: bench.ssh(name, "ls /run/of_this_run || echo gone") == "gone", PATIENCE_S)
    assert bmc.power() == "On"
    bench.ssh(name, "sudo systemctl poweroff")
    until(lambda: bmc.power() == "Off", PATIENCE_S)
    assert bench.host(name)["state"] == "off"
    bmc.reset_until("On", "On")
    bench.becomes(name, "running")


def test_one_path_lost_leaves_it_both_end_it(bench: Bench) -> None:
    name = INSTALLED
    control = bench.twin.control
    control.feed("A", alive=False)
    assert bench.host(name)["state"] == "running"
    control.feed("B", alive=False)
    bench.becomes(name, "off")
    for path in ("A", "B"):
        control.feed(path, alive=True)
    bench.becomes(name, "running")


def test_a_killed_twin_finds_its_hosts_again(bench: Bench) -> None:
    name, gone = INSTALLED, "h1-r1-01-s03"
    bench.ssh(name, "sudo touch /run/of_this_run")
    bench.twin.kill()
    assert len(running(bench.twin.home, *OF_HOSTS)) == 3
    subprocess.run(["podman", "rm", "-f", f"karst-{twin_id(bench.twin.home)}-{gone}"], check=True, capture_output=True)
    bench.twin.start()
    # Adopted as it ran; what somebody took away is an empty disk.
    assert bench.ssh(name, "ls /run/of_this_run || echo gone") == "/run/of_this_run"
    assert bench.host(gone)["state"] == "empty"
    bench.twin.stop()
    assert running(bench.twin.home) == []
    bench.twin.start()
    bench.becomes(name, "running")
    assert bench.ssh(name, "ls /run/of_this_run || echo gone") == "gone"


def test_an_installation_cut_short_by_the_power_leaves_nothing(bench: Bench) -> None:
    name = "h1-r1-02-s03"
    bmc = bench.twin.bmc(name)
    insert(bmc, IMAGE)
    boot_once(bmc, "Cd")
    assert bmc.reset("On").status in (200, 204)
    bench.becomes(name, "installing")
    bmc.reset_until("ForceOff", "Off")
    bmc.reset_until("On", "On")
    assert bench.host(name)["state"] == "empty"


def test_a_twin_says_why_it_has_no_hosts(tmp_path: Path) -> None:
    twin = new_twin(
        tmp_path, REPOSITORY / "sites" / "lab", "--host-image", "localhost/karst/host:none", "--ssh-port", "1"
    )
    twin.start()
    try:
        assert "make image" in twin.control.status(devices=False)["hosts"]["message"]
        assert "host" not in json.dumps(twin.device("h1-r1-01-s01"))
        bmc = twin.bmc("h1-r1-01-s01")
        bmc.reset_until("On", "On")
        assert progress(bmc) == "OSRunning"
    finally:
        twin.stop()
