"""The live network of a twin: looked at by `karst verify`, broken in every way, whole again. Before test_hosts.py."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from karst.plan.network.fabric import fabric
from karst.plan.network.model import Node
from karst.plan.network.nodes import node
from karst.plan.server import server
from karst.twin.home import Home
from tests.stacks.clone import Clone, await_true
from tests.verify.live import HOSTS, planned, ssh, verified

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]

INTERNET = "203.0.113.1"
LEAF, OTHER_LEAF, SPINE, BORDER, CARRIER = "h1-r1-leaf-a", "h1-r1-leaf-b", "spine-01", "border-1", "carrier-1"
PATIENCE_S = 90

Devices = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def nodes(clone: Clone) -> Mapping[str, Node]:
    made = fabric(planned(clone))
    return {name: node(made, name) for name in (*HOSTS, LEAF, OTHER_LEAF, SPINE, BORDER)}


@pytest.fixture(scope="module")
def whole(clone: Clone) -> Devices:
    """Every device as it is when all is well; hosts that are not there are no neighbours."""
    await_true("verify finds nothing wrong", lambda: verified(clone, "--only", "fabric")[0] == 0, PATIENCE_S)
    found = clone.control.network_devices()
    assert {each["power"] for each in found.values()} == {"On"}
    assert all(found[name]["sessions"] == 2 for name in HOSTS)
    return found


@pytest.fixture(autouse=True)
def mended(clone: Clone, whole: Devices) -> Iterator[None]:
    yield
    clone.control.change_network({"mend": True})
    await_true("all is as before", lambda: clone.control.network_devices() == whole, PATIENCE_S)
    await_true("verify finds nothing wrong", lambda: verified(clone, "--only", "fabric")[0] == 0, PATIENCE_S)


def sessions(clone: Clone, name: str) -> int:
    return int(clone.control.network_devices()[name]["sessions"])


def test_hosts_reach_each_other_and_the_carriers_over_the_fabric(clone: Clone) -> None:
    for target in (*HOSTS[1:], INTERNET):
        found = clone.control.trace(HOSTS[0], target, 9100)
        assert found["arrives"], found
        assert len(found["hops"]) == (3 if target in HOSTS else 5)
    made = planned(clone)
    addresses = {name: str(server(made, name).loopback) for name in HOSTS}
    for address in (*addresses.values(), INTERNET):
        ssh(clone, HOSTS[0], f"ping -q -c 1 -W 2 {address}")


def test_from_a_neighbouring_host_only_declared_flows_connect(clone: Clone) -> None:
    address = server(planned(clone), HOSTS[1]).loopback
    listen = "sudo systemd-run --quiet --unit listen-{0} python3 -m http.server {0}"
    ssh(clone, HOSTS[1], "; ".join(listen.format(port) for port in (9100, 8080)))
    attempt = "timeout 3 bash -c '</dev/tcp/{}/{}' && echo open || echo shut"
    await_true("it listens", lambda: "open" in ssh(clone, HOSTS[0], attempt.format(address, 9100)))
    assert [ssh(clone, HOSTS[0], attempt.format(address, port)) for port in (8080, 22)] == ["shut", "shut"]
    assert ssh(clone, HOSTS[1], "sudo systemctl stop listen-9100 listen-8080; hostname") == HOSTS[1]


def test_what_is_wrong_with_cables_is_named_by_both_their_ends(clone: Clone, nodes: Mapping[str, Node]) -> None:
    one, other, third = HOSTS
    ends = {name: nodes[name].links[0] for name in HOSTS}
    clone.control.change_network(
        {
            "swap": [f"{one}:{ends[one].interface}", f"{other}:{ends[other].interface}"],
            "cut": {ends[third].cable: True},
            "speeds_gbps": {"h1-r1-leaf-a:swp49": 10},
        }
    )
    expected = {
        (one, "fabric.cable"): (ends[other].neighbour_interface, ends[one].cable),
        (other, "fabric.cable"): (ends[one].neighbour_interface, ends[other].cable),
        (third, "fabric.link"): (ends[third].cable,),
        (LEAF, "fabric.link"): (ends[third].cable,),
        (LEAF, "fabric.speed"): ("10 Gbit/s", "spine-01:swp1--h1-r1-leaf-a:swp49"),
    }

    def seen() -> bool:
        found = verified(clone, "--only", "fabric")[1]["findings"]
        sentences = {(each["device"], each["check"]): each["sentence"] for each in found}
        return all(all(word in sentences.get(key, "") for word in words) for key, words in expected.items())

    await_true("verify names them", seen, PATIENCE_S)


def test_a_leaf_goes_with_its_path_and_hosts_use_the_other(clone: Clone, whole: Devices) -> None:
    (path,) = {switch.path for name, switch in planned(clone).switches.items() if name == LEAF}
    clone.control.feed(str(path), alive=False)
    try:
        await_true("the leaf is off", lambda: clone.control.network_devices()[LEAF]["power"] == "Off", PATIENCE_S)
        found = clone.control.trace(HOSTS[0], HOSTS[1], 9100)
        assert [hop["device"] for hop in found["hops"]] == [HOSTS[0], OTHER_LEAF, HOSTS[1]]
        ssh(clone, HOSTS[0], f"ping -q -c 1 -W 2 {INTERNET}")
    finally:
        clone.control.feed(str(path), alive=True)
    await_true("it is back", lambda: sessions(clone, LEAF) == whole[LEAF]["sessions"], PATIENCE_S)


def test_a_spine_that_is_silent_is_given_up(clone: Clone, whole: Devices) -> None:
    clone.control.change_network({"silent": {SPINE: True}})
    given_up = whole[LEAF]["sessions"] - 1
    await_true("its neighbours miss it", lambda: sessions(clone, LEAF) == given_up, PATIENCE_S)
    assert clone.control.network_devices()[SPINE]["silent"]
    ssh(clone, HOSTS[0], f"ping -q -c 1 -W 2 {INTERNET}")


def test_without_one_carrier_hosts_use_the_other(clone: Clone, whole: Devices) -> None:
    for change in ({"withdrawn": {CARRIER: True}}, {"off": {CARRIER: True, BORDER: True}}):
        clone.control.change_network(change)

        def way() -> list[str]:
            return [hop["device"] for hop in clone.control.trace(HOSTS[0], INTERNET, 443)["hops"]]

        await_true("the way leads to the other", lambda: way()[-2:] == ["border-2", "carrier-2"], PATIENCE_S)
        ssh(clone, HOSTS[0], f"ping -q -c 1 -W 2 {INTERNET}")
    assert clone.control.network_devices()[CARRIER]["power"] == "Off"
    assert clone.karst("twin", "heal", "entrance", "east").status == 0
    await_true("the border is back", lambda: sessions(clone, BORDER) >= whole[BORDER]["sessions"] - 1, PATIENCE_S)


def test_a_twin_that_was_killed_leaves_the_network_as_it_was(clone: Clone) -> None:
    """Containers and cables are taken over: no port is another than it was."""
    before = {name: standing(clone, name) for name in (LEAF, SPINE, HOSTS[0])}
    assert all(before.values())
    holder = Home(clone.home / "twin").holder()
    assert holder
    os.kill(holder, signal.SIGKILL)
    run = clone.karst("twin", "up")
    assert run.status == 0, run.all
    assert {name: standing(clone, name) for name in before} == before


def standing(clone: Clone, name: str) -> dict[str, int]:
    """A device's ports with their indices, and when its first process started."""
    since = int(ssh(clone, name, "cut -d' ' -f22 /proc/1/stat"))
    return {each["ifname"]: each["ifindex"] for each in json.loads(ssh(clone, name, "ip -json link"))} | {
        "since": since
    }


def test_broken_by_hand_it_is_told_and_mended_by_hand(clone: Clone) -> None:
    label = next(label for label in clone.control.network()["labels"] if LEAF in label and SPINE in label)
    run = clone.karst("twin", "fail", "cable", label.split("--")[1])
    assert run.status == 0, run.all
    assert f"{label.split('--')[0]}" in clone.karst("twin", "cables").out
    assert clone.control.network()["cut"] == [label]
    wrong = clone.karst("twin", "fail", "switch", "spine-1")
    assert wrong.status == 1
    assert "there is no device spine-1" in wrong.all
    assert clone.karst("twin", "heal", "cable", label).status == 0
    assert clone.control.network()["cut"] == []
    table = clone.karst("twin", "network").out
    assert all(name in table for name in (LEAF, SPINE, CARRIER, *HOSTS))
