"""Claim of `karst verify`: a host is read at least 10 times as fast as by testinfra's calls for the same facts.

On a sample of hosts: every file and command that the probe reads, by one SSH round trip a host, all hosts at once, and
by a call of testinfra each, host after host as its tests do; all begin without a connection. testinfra connects anew
for every call unless it is told where to keep a connection: both are measured, the former is the claim. The floor is an
SSH that does nothing, to all hosts at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import testinfra
from converging.hosts import NAMES, Hosts, running
from converging.playing import ansible

from karst.provider.planned import HostMap
from karst.ssh_ca import SshAuthority, known_hosts
from karst.verify.hosts import HostReach, HostTarget, command, observe, options
from karst.verify.reading.host_probe import COMMANDS, FILES

GOAL = 10.0
KEY = "/etc/ssh/ssh_host_ed25519_key"
DAYS = 1
PERSIST_S = 3  # longer than what lies between two calls
ANY = IPv4Network("0.0.0.0/0")  # where hosts answer is told by target
CONFIG = """\
Host *
  User karst
  IdentityFile {folder}/key
  IdentitiesOnly yes
"""
# Every host takes the key that is its own.
SIGNED = """
import os, socket, subprocess
private, certificate = {keys!r}[socket.gethostname()]
for path, text, mode in (("{key}", private, 0o600), ("{key}-cert.pub", certificate, 0o644)):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
os.remove("{key}.pub")
with open("/etc/ssh/sshd_config.d/10-certificate.conf", "w") as file:
    file.write("HostKey {key}\\nHostCertificate {key}-cert.pub\\n")
subprocess.run(["systemctl", "restart", "ssh.service"], check=True)
"""


def say(text: str) -> None:
    sys.stderr.write(f"verify_hosts: {text}\n")
    sys.stderr.flush()


def signed(hosts: Hosts) -> str:
    """Have every host show a key that a CA signed, as a site's do. Return the CA's public key."""
    authority = SshAuthority.load_or_create(hosts.folder / "ca")
    pairs = {name: authority.issue_host(name, [name], DAYS) for name in hosts.addresses}
    keys = {name: (pair.private, pair.certificate) for name, pair in pairs.items()}
    hosts.on_each(SIGNED.format(keys=keys, key=KEY))
    return authority.hosts_public


def by_probe(targets: list[HostTarget]) -> None:
    """One round trip a host."""
    for name, found in asyncio.run(observe(targets, lambda _: None)).items():
        if found.unread or found.gaps:
            raise SystemExit(f"{name}: {found.unread} {dict(found.gaps)}")


def by_testinfra(targets: list[HostTarget], trust: Path, **connection: Any) -> None:
    """A call a fact. What it says is not looked at, which is no part of either's time."""
    for target in targets:
        name, extra = target.name, " ".join(f"-o {key}={value}" for key, value in options(target, trust).items())
        config = str(target.reach.config)
        host = testinfra.get_host(f"ssh://{name}", ssh_config=config, ssh_extra_args=extra, **connection)
        host.check_output("hostname")
        for path in FILES.values():
            if not host.file(path).content_string:
                raise SystemExit(f"{name}: {path} is empty")
        for words in COMMANDS.values():
            host.run(" ".join(words))


def by_nothing(targets: list[HostTarget], trust: Path) -> None:
    """Connect, and go."""

    def one(target: HostTarget) -> None:
        subprocess.run(command(target, trust, "true"), check=True)

    with ThreadPoolExecutor(len(targets)) as pool:
        list(pool.map(one, targets))


def measure(hosts: Hosts, times: int) -> dict[str, Any]:
    """Every way in turn."""
    ansible(hosts, "playbooks/time.yml")
    authority = signed(hosts)
    config, trust = hosts.folder / "config", hosts.folder / "trust"
    config.write_text(CONFIG.format(folder=hosts.folder))
    trust.write_text(known_hosts(authority))
    reach = HostReach(authority, HostMap(ANY, ANY, 22), config)
    targets = [HostTarget(name, f"{address}:22", reach) for name, address in hosts.addresses.items()]
    kept = {"controlpath": f"{hosts.folder}/testinfra-%%n", "controlpersist": PERSIST_S}
    ways: dict[str, Callable[[], None]] = {
        "karst": lambda: by_probe(targets),
        "testinfra": lambda: by_testinfra(targets, trust),
        "testinfra_on_one_connection": lambda: by_testinfra(targets, trust, **kept),
        "nothing": lambda: by_nothing(targets, trust),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(times):
        for name, read in ways.items():
            began = time.perf_counter()
            read()
            took[name].append((time.perf_counter() - began) / len(hosts.addresses))
            say(f"{name}: {took[name][-1] * 1000:.0f} ms a host")
            time.sleep(PERSIST_S + 1)  # until testinfra's connections have ended
    a_host = {name: round(statistics.median(each), 4) for name, each in took.items()}
    ratio = {name: round(a_host[name] / a_host["karst"], 1) for name in ("testinfra", "testinfra_on_one_connection")}
    facts = len(FILES) + len(COMMANDS) + 1
    return {
        "benchmark": "verify_hosts",
        "figures": {"hosts": len(hosts.addresses), "facts": facts, "a_host_s": a_host, "runs": times},
        "floor": {"a_host_s": a_host["nothing"], "what": "an SSH that does nothing"},
        "ratio": ratio,
        "goal": GOAL,
        "met": ratio["testinfra"] >= GOAL,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=len(NAMES), help="of the lab's twelve")
    parser.add_argument("--runs", type=int, default=3, help="of each; the median counts")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="kv-", dir="/tmp") as name,
        running(Path(name), NAMES[: given.hosts]) as hosts,
    ):
        print(json.dumps(measure(hosts, given.runs)))


if __name__ == "__main__":
    main()
