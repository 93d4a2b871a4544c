"""A ruleset in the kernel: from a neighbour, only what is declared connects. Two network namespaces and a cable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from karst.plan.network.flows import Firewall, HostFlow
from karst.render.nftables import FirewallRenderer
from karst.site.flows import Protocol
from tests.host_image import host_image

ROOT = Path(__file__).parents[2]
HOST, BASTION, NEIGHBOUR, STRANGER = "10.80.0.1", "10.72.0.2", "10.80.0.65", "192.0.2.1"
SERVED = (22, 179, 2379, 8080, 9100)
FIREWALL = Firewall(
    name="h1-r1-01-s01",
    interfaces=("eno1",),
    bastion=IPv4Address(BASTION),
    flows=(
        HostFlow("ping", Protocol.ICMP, (), (IPv4Network("10.80.0.0/16"),)),
        HostFlow("node-exporter", Protocol.TCP, (9100,), (IPv4Network("10.80.0.0/16"),)),
        HostFlow("etcd", Protocol.TCP, (2379,), (IPv4Network("10.80.0.129"),)),
    ),
)

SERVE = """
import selectors, socket, sys
found = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    found.register(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True), 1)
print("ready", flush=True)
while True:
    for key, _ in found.select():
        key.fileobj.accept()[0].close()
"""
# Which of (source, destination, port) connects; all at once, as what is dropped tells so by silence alone.
CONNECT = """
import asyncio, json, sys
async def connects(source, there, port):
    try:
        where = (source, 0) if source else None
        _, writer = await asyncio.wait_for(asyncio.open_connection(there, port, local_addr=where), 1.5)
    except OSError:
        return False
    writer.close()
    return True
async def all_of():
    return await asyncio.gather(*(connects(*each) for each in json.loads(sys.argv[1])))
print(json.dumps(asyncio.run(all_of())))
"""
# An echo request with its checksum, as this machine may have no ping.
PING = """
import socket, sys
source, there = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
    raw.settimeout(1.5)
    raw.bind((source, 0))
    raw.sendto(bytes.fromhex("0800f7ff00000000"), (there, 0))
    try:
        print(raw.recvfrom(100)[1][0])
    except TimeoutError:
        print("silence")
"""


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """What runs a command beside a host that has the ruleset and serves far more than is declared."""
    host_image()  # with it come Debian's packages, of which nftables is one
    host, beside = (f"karst-test-{os.getpid()}-{end}" for end in ("host", "beside"))
    server = None
    try:
        for name in (host, beside):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", "eno1", "netns", host, "type", "veth", "peer", "name", "swp1", "netns", beside)
        for name, interface in ((host, "eno1"), (beside, "swp1")):
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
            run("ip", "netns", "exec", name, "sysctl", "-qw", f"net.ipv6.conf.{interface}.accept_dad=0")
        run("ip", "-n", host, "address", "add", f"{HOST}/32", "dev", "lo")
        run("ip", "-n", host, "link", "set", "eno1", "up")
        run("ip", "-n", host, "route", "add", "default", "dev", "eno1")
        run("ip", "-n", beside, "link", "set", "swp1", "up")
        for address in (BASTION, NEIGHBOUR, STRANGER):
            run("ip", "-n", beside, "address", "add", f"{address}/32", "dev", "swp1")
        run("ip", "-n", beside, "route", "add", HOST, "dev", "swp1")
        file = tmp_path_factory.mktemp("firewall") / "nftables.conf"
        file.write_text(FirewallRenderer(ROOT / "templates").ruleset(FIREWALL))
        run("ip", "netns", "exec", host, "nft", "-f", str(file))
        command = ["ip", "netns", "exec", host, sys.executable, "-c", SERVE, *map(str, SERVED)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        yield ("ip", "netns", "exec", beside)
    finally:
        if server:
            server.kill()
            server.wait()
        for name in (host, beside):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def link_local(neighbour: tuple[str, ...]) -> str:
    """The host's address on the cable, as found by asking all of it: so neighbours do find each other."""
    host = neighbour[-1].replace("beside", "host")
    shown = json.loads(run("ip", "-j", "-6", "-n", host, "address", "show", "dev", "eno1"))
    return next(each["local"] for each in shown[0]["addr_info"] if each["scope"] == "link")


@pytest.mark.slow
def test_only_declared_flows_connect(neighbour: tuple[str, ...]) -> None:
    asked = [(source, HOST, port) for source in (BASTION, NEIGHBOUR, STRANGER) for port in SERVED]
    asked += [(None, f"{link_local(neighbour)}%swp1", port) for port in SERVED]
    said = json.loads(run(*neighbour, sys.executable, "-c", CONNECT, json.dumps(asked)))
    through = {(source, port) for (source, _, port), connected in zip(asked, said, strict=True) if connected}
    # From the link-local address: the neighbour's BGP alone.
    assert through == {(BASTION, 22), (NEIGHBOUR, 9100), (None, 179)}


@pytest.mark.slow
@pytest.mark.parametrize(("source", "answer"), [(NEIGHBOUR, HOST), (STRANGER, "silence")])
def test_only_hosts_may_ping(neighbour: tuple[str, ...], source: str, answer: str) -> None:
    assert run(*neighbour, sys.executable, "-c", PING, source, HOST).strip() == answer
