"""Hosts from the host image, in containers of this benchmark's own, reached by SSH as the lab's are."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
LABEL = "karst.benchmark"
NAMES = [f"h1-r1-{rack:02d}-s{server:02d}" for rack in (1, 2, 3) for server in (1, 2, 3, 4)]
SSH = """\
Host *
  User karst
  IdentityFile {folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking accept-new
  ControlMaster auto
  ControlPersist 120s
  ControlPath {folder}/%n
  LogLevel ERROR
"""
# Of the lab's inventory all stays but how its hosts are reached, and the services that only a site has.
VARIABLES = {
    "ansible_user": "karst",
    "ansible_ssh_args": "",
    "base_package_mirror": "",
    "time_wait_s": 0,
    "power_password": "of-nobody",
    "power_wait_s": 0,
}


@dataclass(frozen=True, slots=True)
class Hosts:
    """Running hosts: addresses by name, and the folder that says how SSH reaches them."""

    folder: Path
    addresses: dict[str, str]

    def on_each(self, script: str) -> dict[str, str]:
        """What a Python script prints as root, by host."""

        def on(name: str) -> str:
            command = ["ssh", "-F", self.folder / "ssh_config", name, "sudo python3 -"]
            return subprocess.run(command, input=script, capture_output=True, text=True, check=True).stdout

        with ThreadPoolExecutor(len(self.addresses)) as pool:
            return dict(zip(self.addresses, pool.map(on, self.addresses), strict=True))


@contextmanager
def running(folder: Path, names: list[str]) -> Iterator[Hosts]:
    """Start a host a name, and remove them all at the end."""
    image = subprocess.run(
        [sys.executable, CLONE / "tools" / "image.py"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    label = f"{LABEL}={folder}"
    try:
        for name in names:
            _podman(
                "run", "--detach", "--systemd=always", "--label", label, "--hostname", name,
                "--ulimit=nofile=20000:20000", "--ulimit=nproc=1024:1024",
                f"--volume={folder}/key.pub:/home/karst/.ssh/authorized_keys:ro", image,
            )  # fmt: skip
        found = json.loads(_podman("inspect", *_podman("ps", "--quiet", "--filter", f"label={label}").split()))
        addresses = {each["Config"]["Hostname"]: each["NetworkSettings"]["IPAddress"] for each in found}
        for each in found:
            _await(each["Id"])
        _say_where(folder, addresses)
        yield Hosts(folder, dict(sorted(addresses.items())))
    finally:
        if left := _podman("ps", "--all", "--quiet", "--filter", f"label={label}").split():
            _podman("rm", "--force", "--time", "0", "--volumes", *left)


def _say_where(folder: Path, addresses: dict[str, str]) -> None:
    known = "".join(f"Host {name}\n  HostName {address}\n" for name, address in addresses.items())
    (folder / "ssh_config").write_text(known + SSH.format(folder=folder))
    reached = {
        "vars": {
            **VARIABLES,
            "ansible_ssh_common_args": f"-F {folder}/ssh_config",
            "ansible_control_path": f"{folder}/%n",
        },
        "hosts": {name: {"ansible_host": name} for name in addresses},
    }
    (folder / "reached.yml").write_text(json.dumps({"all": reached}))


def _await(container: str) -> None:
    """Wait until all its services are up. Raises TimeoutError."""
    until = time.monotonic() + 60
    command = ["podman", "exec", container, "systemctl", "is-system-running", "--wait"]
    while subprocess.run(command, capture_output=True, check=False).returncode:
        if time.monotonic() > until:
            raise TimeoutError(f"{container} does not come up")
        time.sleep(0.5)


def _podman(*arguments: str) -> str:
    return subprocess.run(["podman", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
