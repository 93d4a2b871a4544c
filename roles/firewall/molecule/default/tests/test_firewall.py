"""What connects from a neighbour, with one flow declared for it and one for others; see molecule.yml."""

import json
import os
import time

import pytest
import testinfra

SCRATCH = os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]
OTHER = {"host-1": "host-2", "host-2": "host-1"}


@pytest.fixture
def connects(host):
    """Return whether the neighbour gets a connection to a port of the host."""
    name = OTHER[host.check_output("hostname")]
    peer = testinfra.get_host(f"ssh://{name}", ssh_config=f"{SCRATCH}/ssh_config", sudo=True)
    (address,) = host.check_output("hostname -I").split()[:1]
    attempt = "import socket; socket.create_connection((%r, %d), 2)"
    return lambda port: peer.run("python3 -c %s", attempt % (address, port)).rc == 0


def rules(host):
    return host.check_output("nft list table inet karst")


def test_a_declared_flow_connects(connects):
    assert connects(9100)


def test_a_flow_for_others_does_not(connects):
    assert not connects(2379)


def test_what_nobody_declared_does_not(connects):
    assert not connects(8080)


def test_ssh_is_the_bastion_s_alone(host, connects):
    assert not connects(22)
    assert 'tcp dport 22 accept comment "bastion"' in rules(host)


def test_the_rules_are_there_after_a_start(host):
    assert host.service("nftables").is_enabled
    host.check_output("nft delete table inet karst && systemctl reload nftables")
    assert "policy drop" in rules(host)


def test_others_tables_stay(host):
    """The table of prepare.yml was there before the role was played."""
    found = json.loads(host.check_output("nft --json list tables"))["nftables"]
    assert {each["table"]["name"] for each in found if "table" in each} >= {"others", "karst"}


def test_the_timer_is_stopped_and_the_rules_stay(host):
    assert host.run("systemctl is-active firewall-undo.timer").rc != 0
    assert "policy drop" in rules(host)


def test_rules_that_lock_out_are_taken_back_by_the_host_itself(host):
    """What the role's first command does, with two seconds; nobody logs in anew to stop it."""
    timer = "systemd-run --quiet --unit=firewall-undo --on-active=2 --timer-property=AccuracySec=1s"
    host.check_output(f"{timer} nft delete table inet karst")
    until = time.monotonic() + 20
    while host.run("nft list table inet karst").rc == 0 and time.monotonic() < until:
        time.sleep(0.2)
    assert host.run("nft list table inet karst").rc != 0
    host.check_output("nft --file /etc/nftables.conf")
