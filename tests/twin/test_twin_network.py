"""The twin's network without hosts: the lab's switches on rendered texts, broken and mended; what is left of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from test_twin_hosts import containers, free_port
from twin_support import REPOSITORY, Twin, new_twin, until

from karst.plan.network.fabric import fabric
from karst.plan.network.nodes import node
from karst.plan.pipeline import plan
from karst.render.network import Renderer
from karst.site.load import load
from karst.ssh_ca import SshAuthority, known_hosts
from karst.twin.hosts_podman import remove_all, twin_id
from karst.twin.network.devices import network_devices
from tests.host_image import host_image

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("switches")]

INTERNET = "203.0.113.1"
LEAF, OTHER_LEAF, SPINE, BORDER, CARRIER = "h1-r1-leaf-a", "h1-r1-leaf-b", "spine-01", "border-1", "carrier-1"
CABLE = f"{SPINE}:swp1--{LEAF}:swp49"
PATIENCE_S = 60.0
_LOAD = "cat > /etc/frr/frr.conf; systemctl restart frr"

Devices = Mapping[str, Mapping[str, Any]]


@dataclass
class Bench:
    """A twin of which no server is on; its switches have the texts of the plan."""

    twin: Twin
    sessions: Mapping[str, int]  # between devices that are there

    def seen(self) -> Devices:
        return self.twin.control.network_devices()

    def up(self, *devices: str) -> list[int]:
        found = self.seen()
        return [found[name]["sessions"] for name in devices]

    def is_whole(self) -> bool:
        found = self.seen()
        return all(found[name]["sessions"] == count for name, count in self.sessions.items())

    def run(self, device: str, *words: str, given: str = "") -> str:
        name = f"karst-{twin_id(self.twin.home)}-{device}"
        command = ["podman", "--runtime", "runc", "exec", "-i", name, *words]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def link(self, device: str, interface: str) -> tuple[bool, str]:
        """Whether a port has a carrier, and its address."""
        (found,) = json.loads(self.run(device, "ip", "-json", "link", "show", interface))
        return "LOWER_UP" in found["flags"], found["address"]

    def way(self, source: str) -> list[str]:
        found = self.twin.control.trace(source, INTERNET, 443)
        return [hop["device"] for hop in found["hops"]] if found["arrives"] else []

    def pids(self) -> dict[str, int]:
        names = containers(self.twin.home, "--filter", "status=running", "--filter", "status=paused")
        if not names:
            return {}
        command = ["podman", "inspect", "--format", "{{.State.Pid}}", *names]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return dict(zip(names, map(int, said), strict=True))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    image, folder, port = host_image(), tmp_path_factory.mktemp("network"), free_port()
    site = REPOSITORY / "sites" / "lab"
    made = fabric(plan(load(site, REPOSITORY / "hardware")))
    devices = network_devices(made)
    nodes = {name: node(made, name) for name, device in devices.items() if device.seat}
    sessions = {name: sum(link.neighbour in devices for link in each.links) for name, each in nodes.items()}
    twin = new_twin(folder, site, "--host-image", image, "--ssh-port", str(port))
    found = Bench(twin, sessions)
    try:
        twin.start()
        until(lambda: {each["power"] for name, each in found.seen().items() if name in devices} == {"On"}, PATIENCE_S)
        renderer = Renderer(REPOSITORY / "templates")
        for name, each in nodes.items():
            found.run(name, "sh", "-euc", _LOAD, given=renderer.frr(each))
        until(found.is_whole, PATIENCE_S)
        yield found
    finally:
        twin.stop()
        assert containers(twin.home, "--filter", "status=running") == []
        remove_all(twin_id(twin.home))
        assert containers(twin.home) == []
        network = f"karst-{twin_id(twin.home)}"
        assert subprocess.run(["podman", "network", "exists", network], check=False).returncode == 1


@pytest.fixture(autouse=True)
def mended(bench: Bench) -> Iterator[None]:
    yield
    bench.twin.control.change_network({"mend": True})
    until(bench.is_whole, PATIENCE_S)
    until(lambda: len(bench.way(LEAF)) == 4, PATIENCE_S)


def test_a_switch_lets_in_whom_the_sites_authority_signed(bench: Bench, tmp_path: Path) -> None:
    authority = SshAuthority.load_or_create(bench.twin.home.ssh)
    pair, key = authority.issue_user("test", ["karst"], 1), tmp_path / "key"
    key.write_text(pair.private)
    key.chmod(0o600)
    (tmp_path / "key-cert.pub").write_text(pair.certificate)
    (tmp_path / "known").write_text(known_hosts(authority.hosts_public))
    port = bench.twin.arguments[-1]
    options = ("BatchMode=yes", f"UserKnownHostsFile={tmp_path / 'known'}", f"HostKeyAlias={LEAF}")
    words = [word for option in options for word in ("-o", option)]
    command = ["ssh", "-F", "none", "-p", port, "-i", str(key), *words, "karst@127.68.0.7", "hostname; sudo id -u"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [LEAF, "0"], done.stderr


def test_both_ends_of_a_cable_have_a_carrier_until_it_is_cut(bench: Bench) -> None:
    ends = ((SPINE, "swp1"), (LEAF, "swp49"))
    before = [bench.link(*end) for end in ends]
    assert [has_carrier for has_carrier, _ in before] == [True, True]
    assert bench.link(LEAF, "swp1")[0] is False  # of a server that is off
    bench.twin.control.change_network({"cut": {CABLE: True}})
    assert [bench.link(*end)[0] for end in ends] == [False, False]
    until(lambda: bench.up(LEAF, SPINE) == [bench.sessions[LEAF] - 1, bench.sessions[SPINE] - 1], PATIENCE_S)
    assert bench.way(LEAF)[1] == "spine-02"
    bench.twin.control.change_network({"cut": {CABLE: False}})
    assert [bench.link(*end) for end in ends] == before


def test_what_was_cut_where_it_was_moved_to_is_the_cable_of_that_label(bench: Bench) -> None:
    ends = [f"{LEAF}:swp49", f"{OTHER_LEAF}:swp49"]
    bench.twin.control.change_network({"swap": ends, "cut": {CABLE: True}})
    assert bench.link(OTHER_LEAF, "swp49")[0] is False
    assert bench.link(LEAF, "swp49")[0] is True

    def neighbour() -> str:
        found = json.loads(bench.run(LEAF, "lldpctl", "-f", "json0", "swp49"))["lldp"][0].get("interface", [{}])[0]
        ports = [port["value"] for each in found.get("port", []) for port in each["id"]]
        names = [name["value"] for each in found.get("chassis", []) for name in each["name"]]
        return ":".join([*names, *ports])

    until(lambda: neighbour() == f"{SPINE}:swp2", PATIENCE_S)


def test_a_port_says_another_speed(bench: Bench) -> None:
    def speed(interface: str) -> str:
        said = bench.run(LEAF, "/usr/local/sbin/ethtool", interface)
        return next(line.strip() for line in said.splitlines() if "Speed" in line)

    assert speed("swp49") == "Speed: 100000Mb/s"
    bench.twin.control.change_network({"speeds_gbps": {f"{LEAF}:swp49": 10}})
    assert (speed("swp49"), speed("swp50")) == ("Speed: 10000Mb/s", "Speed: 100000Mb/s")


def test_a_switch_without_power_leaves_ports_without_a_carrier(bench: Bench) -> None:
    bench.twin.control.change_network({"off": {SPINE: True}})
    until(lambda: bench.seen()[SPINE]["power"] == "Off", PATIENCE_S)
    until(lambda: bench.link(LEAF, "swp49")[0] is False, PATIENCE_S)
    until(lambda: bench.way(LEAF)[1:2] == ["spine-02"], PATIENCE_S)


def test_a_path_takes_its_leaf_and_gives_it_back(bench: Bench) -> None:
    bench.twin.control.feed("A", alive=False)
    try:
        until(lambda: bench.seen()[LEAF]["power"] == "Off", PATIENCE_S)
        assert bench.seen()[OTHER_LEAF]["power"] == "On"
        assert bench.way(LEAF) == []
    finally:
        bench.twin.control.feed("A", alive=True)
    until(lambda: bench.seen()[LEAF]["power"] == "On", PATIENCE_S)


def test_only_carriers_lead_to_the_world(bench: Bench) -> None:
    bench.twin.control.change_network({"off": {CARRIER: True, "carrier-2": True}})

    def told() -> Mapping[str, Any]:
        return bench.twin.control.trace(LEAF, INTERNET, 443)

    until(lambda: not told()["arrives"], PATIENCE_S)
    assert told()["fault"] in (f"{LEAF} has no way to {INTERNET}", f"mgmt0 of {LEAF} leads out of the fabric")


def test_what_is_broken_outlives_a_twin_that_ends(bench: Bench) -> None:
    broken = {"off": {"spine-02": True}, "silent": {OTHER_LEAF: True}, "withdrawn": {CARRIER: True}}
    bench.twin.control.change_network({**broken, "cut": {f"{SPINE}:swp2--{OTHER_LEAF}:swp49": True}})
    kept = bench.twin.control.network()
    bench.twin.stop()
    assert bench.pids() == {}
    bench.twin.start()
    assert bench.twin.control.network() == kept
    found = bench.seen()
    assert found["spine-02"]["power"] == "Off"
    assert found[OTHER_LEAF]["silent"]
    until(lambda: bench.up(CARRIER) == [1], PATIENCE_S)
    assert "default-originate" not in bench.run(CARRIER, "vtysh", "-c", "show running-config")
    assert "default-originate" in bench.run("carrier-2", "vtysh", "-c", "show running-config")
    until(lambda: bench.way(LEAF)[-1:] == ["carrier-2"], PATIENCE_S)


def test_a_twin_that_was_killed_takes_everything_over(bench: Bench) -> None:
    bench.twin.control.change_network({"silent": {SPINE: True}, "withdrawn": {CARRIER: True}})
    until(lambda: bench.up(LEAF) == [bench.sessions[LEAF] - 1], PATIENCE_S)
    before, port = bench.pids(), bench.link(LEAF, "swp50")
    assert len(before) == 8  # the silent one too
    bench.twin.kill()
    assert bench.pids() == before
    bench.twin.start()
    assert bench.pids() == before
    assert bench.seen()[SPINE]["silent"]
    assert bench.up(LEAF) == [bench.sessions[LEAF] - 1]
    assert bench.link(LEAF, "swp50") == port
    bench.twin.control.change_network({"mend": True})
    until(bench.is_whole, PATIENCE_S)
    until(lambda: bench.way(LEAF)[-1:] == [CARRIER], PATIENCE_S)
