"""The lab with hosts, as `make up` builds it: installed through BMCs, killed midway, reached by SSH, installed anew."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from karst.redfish.media import Drive
from karst.redfish.system import System
from karst.twin.home import Home, TwinError
from karst.twin.hosts_podman import twin_id
from tests.host_image import host_image
from tests.stacks.bmc import change_system
from tests.stacks.clone import KARST, SERVERS, Clone, await_true
from tests.stacks.test_crash import engine, provider

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]

IMAGE = "https://images.lab.karst.internal/debian-12.iso"
NEXT = "https://images.lab.karst.internal/debian-12.1.iso"
CHANGED = [f"h1-r1-{rack:02d}-s04" for rack in (1, 2, 3)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    host_image()
    bare = Clone.create_without_cluster(tmp_path_factory.mktemp("hosts"))
    made = Clone(bare.folder, hosts=True)
    try:
        yield made
    finally:
        made.karst("down", "--force")


def hosts(clone: Clone) -> dict[str, dict[str, Any]]:
    return {name: each["host"] for name, each in clone.devices().items() if "host" in each}


def count(clone: Clone, state: str) -> int:
    try:
        return sum(host["state"] == state for host in hosts(clone).values())
    except TwinError:
        return 0


def ssh(clone: Clone, name: str, script: str) -> str:
    command = ["ssh", "-F", str(clone.home / "ssh" / "config"), "-o", "BatchMode=yes", name, script]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def containers(clone: Clone) -> list[str]:
    label = f"label=karst.twin={twin_id(Home(clone.home / 'twin'))}"
    command = ["podman", "ps", "--all", "--format", "{{.Names}}", "--filter", label]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_killed_midway_every_server_is_installed_once(clone: Clone) -> None:
    for whom, reached in ((engine, "installing"), (provider, "running")):
        up = clone.start(KARST, "up")
        await_true(
            f"hosts are {reached}", lambda up=up, to=reached, by=whom: by(clone, up) and count(clone, to) >= 2, 200
        )
        for process in whom(clone, up):
            process.kill()
        out, err = up.communicate(timeout=200)
        assert up.returncode == 1, f"{out}\n{err}"
    summary = clone.up()
    assert (summary["servers_on"], summary["failed"], summary["reinstall_pending"]) == (12, {}, [])
    assert {name: host["state"] for name, host in hosts(clone).items()} == dict.fromkeys(SERVERS, "running")
    for name in SERVERS:
        assert clone.devices()[name]["power_ons"] == 1, name
        assert sum("was installed" in event for event in clone.events(name)) == 1, name


def test_again_nothing_changes_and_nobody_is_asked(clone: Clone) -> None:
    run = clone.karst("up", "--expect-no-changes")
    assert run.status == 0, run.all


def test_an_operator_reaches_every_host_by_name(clone: Clone) -> None:
    for name in (SERVERS[0], SERVERS[6], SERVERS[11]):
        assert ssh(clone, name, "hostname; sudo systemctl is-system-running --wait").split() == [name, "running"]
    # Somebody else's host at the address is not believed.
    wrong = ["-o", f"HostKeyAlias={SERVERS[1]}", SERVERS[0], "true"]
    command = ["ssh", "-F", str(clone.home / "ssh" / "config"), "-o", "BatchMode=yes", *wrong]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 255
    assert "principal" in refused.stderr


def test_the_drive_is_empty_and_the_next_start_is_from_the_disk(clone: Clone) -> None:
    async def look(system: System) -> None:
        assert (await Drive.of(system)).image is None
        assert system.boot_override[0] == "Disabled"

    for name in SERVERS[:4]:
        change_system(clone, name, look)


def with_next_image(text: str) -> str:
    return text.replace("        u: 5\n        image: debian-12\n", "        u: 5\n        image: debian-12-1\n")


def test_another_image_waits_for_consent_by_server(clone: Clone) -> None:
    for name in CHANGED:
        ssh(clone, name, "sudo touch /var/of_the_first_installation; sync")
    site = clone.folder / "sites" / "lab" / "site.yml"
    site.write_text(site.read_text().replace("  images:\n", f"  images:\n    debian-12-1: {NEXT}\n"))
    with clone.edited("sites/lab/racks.yml", with_next_image):
        summary = clone.up()
        assert summary["reinstall_pending"] == CHANGED
        assert all(ssh(clone, name, "ls /var/of_the_first_installation") for name in CHANGED)

        consent = f"pulumi config set --stack lab-metal-h1 --path 'karst:allow_reinstall[0]' {CHANGED[0]}"
        assert clone.shell(consent).status == 0
        summary = clone.up()
        assert (summary["reinstall_pending"], summary["servers_on"], summary["failed"]) == (CHANGED[1:], 12, {})
        left = {name: ssh(clone, name, "ls /var | grep first || echo none") for name in CHANGED}
        assert left == {CHANGED[0]: "none", **dict.fromkeys(CHANGED[1:], "of_the_first_installation")}
        assert [hosts(clone)[name]["image"] for name in CHANGED] == [NEXT, IMAGE, IMAGE]
        assert clone.karst("up", "--expect-no-changes").status == 0


def test_down_leaves_no_container_and_no_network(clone: Clone) -> None:
    assert len(containers(clone)) == 20  # hosts, leaves, spines, borders, carriers
    run = clone.karst("down")
    assert run.status == 0, run.all
    assert containers(clone) == []
    networks = subprocess.run(["podman", "network", "ls", "-q"], capture_output=True, text=True, check=True).stdout
    assert twin_id(Home(clone.home / "twin")) not in networks
    assert clone.processes() == []
