"""Two hosts with two cables between them, each the other's leaf; see prepare.yml."""

import json
import os
import time

import pytest
import testinfra

SCRATCH = os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]
NUMBERS = {"host-1": 65001, "host-2": 65002}
OTHER = {"host-1": "host-2", "host-2": "host-1"}


def within(seconds, look):
    """Look until there is something to be seen, and return it, or what was last seen."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def vtysh(host, *commands):
    return host.check_output("vtysh" + " -c %s" * len(commands), *commands)


def sessions(host):
    found = json.loads(vtysh(host, "show bgp ipv4 unicast summary json")).get("peers", {})
    return {name for name, peer in found.items() if peer["state"] == "Established"}


def neighbour(host):
    """Return the host at the other ends of the cables."""
    name = OTHER[host.check_output("hostname")]
    return testinfra.get_host(f"ssh://{name}", ssh_config=f"{SCRATCH}/ssh_config", sudo=True)


def ways(host):
    """Return the interfaces over which the kernel reaches the default."""
    found = json.loads(host.check_output("ip -json route show default proto bgp") or "[]")
    return {hop["dev"] for route in found for hop in route.get("nexthops", [route])}


@pytest.fixture
def offered(host):
    """Have the neighbour offer a default, as leaves do."""
    giver = neighbour(host)
    number = NUMBERS[giver.check_output("hostname")]
    enter = ["configure terminal", f"router bgp {number}", "address-family ipv4 unicast"]
    vtysh(giver, *enter, "neighbor leaves default-originate")
    yield
    vtysh(giver, *enter, "no neighbor leaves default-originate")


def test_a_session_stands_on_each_cable_and_comes_back_with_the_host(host):
    assert within(30, lambda: sessions(host) == {"eth1", "eth2"})
    for name in ("frr", "lldpd"):
        assert host.service(name).is_enabled


def test_what_runs_is_what_was_laid(host):
    running = vtysh(host, "show running-config").splitlines()
    laid = host.file("/etc/frr/frr.conf").content_string.splitlines()
    assert running[4:-1] == laid
    assert host.run("/usr/lib/frr/frr-reload.py --test --stdout /etc/frr/frr.conf").stdout.count("\n") <= 4


def test_the_loopback_is_the_host_s_one_address_of_the_fabric(host):
    found = json.loads(host.check_output("ip -json -4 address show"))
    addresses = {each["ifname"]: [a["local"] for a in each["addr_info"]] for each in found}
    assert {"host-1": "10.71.0.1", "host-2": "10.71.0.2"}[host.check_output("hostname")] in addresses["lo"]
    assert not addresses.get("eth1")
    assert not addresses.get("eth2")


def test_flows_are_spread_by_ports_and_dead_links_are_no_way(host):
    for name, value in {
        "net.ipv4.ip_forward": 1,
        "net.ipv6.conf.all.forwarding": 1,
        "net.ipv4.fib_multipath_hash_policy": 1,
        "net.ipv4.conf.all.ignore_routes_with_linkdown": 1,
    }.items():
        assert host.sysctl(name) == value, name


def test_a_neighbour_dies_within_three_hundred_milliseconds_for_bfd(host):
    within(30, lambda: sessions(host) == {"eth1", "eth2"})
    peers = json.loads(vtysh(host, "show bfd peers json"))
    assert {peer["interface"] for peer in peers if peer["status"] == "up"} == {"eth1", "eth2"}
    assert {peer["transmit-interval"] * peer["detect-multiplier"] for peer in peers} == {300}


@pytest.mark.usefixtures("offered")
def test_both_ways_are_used_and_are_there_again_after_one_was_gone(host):
    assert within(30, lambda: ways(host) == {"eth1", "eth2"})
    host.check_output("ip link set eth1 down")
    assert within(30, lambda: ways(host) == {"eth2"})
    host.check_output("ip link set eth1 up")
    assert within(60, lambda: ways(host) == {"eth1", "eth2"})


def test_the_neighbour_at_the_end_of_each_cable_says_who_it_is(host):
    def heard():
        found = json.loads(host.check_output("lldpctl -f json"))["lldp"].get("interface", [])
        found = found if isinstance(found, list) else [found]
        return {
            (name, next(iter(said["chassis"])), said["port"]["id"]["value"])
            for each in found
            for name, said in each.items()
        }

    wanted = {(name, OTHER[host.check_output("hostname")], name) for name in ("eth1", "eth2")}
    assert within(40, lambda: heard() == wanted), heard()
