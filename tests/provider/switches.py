"""A leaf that Karst may push to, between a spine and a host that it may not: containers with the real FRR."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from karst.render.network import Renderer
from karst.ssh_ca import SshAuthority
from karst.twin.hosts_seed import USER, HostSeat, seed
from tests.fabric.clos import nodes
from tests.host_image import host_image

from .lab import CLONE, free_port

LEAF, SPINE, HOST = "h1-r1-leaf-a", "spine-01", "h1-r1-01-s01"
CABLES = (((LEAF, "swp1"), (SPINE, "swp1")), ((LEAF, "swp3"), (HOST, "eth1")))
BARE = "frr defaults datacenter\nhostname {}\nservice integrated-vtysh-config\n"
_MACHINE = (
    *("--systemd=always", "--cap-add=NET_ADMIN,NET_RAW,SYS_ADMIN,SYS_BOOT,SYS_NICE", "--no-hosts"),
    *("--ulimit=nofile=20000:20000", "--ulimit=nproc=1024:1024"),
    # FRR shows what the kernel is not to do (`no ipv6 forwarding`) as if it had been told.
    *("--sysctl=net.ipv4.ip_forward=1", "--sysctl=net.ipv6.conf.all.forwarding=1"),
)
_CONFIG = """\
Host *
  User {user}
  IdentityFile {key}
  CertificateFile {key}-cert.pub
  IdentitiesOnly yes
"""


@dataclass(frozen=True, slots=True)
class Switches:
    """Three containers and their cables; `texts` are the planned ones."""

    folder: Path
    prefix: str
    port: int
    authority: SshAuthority
    texts: dict[str, str]

    def run(self, name: str, *words: str) -> str:
        """What a command prints in a container, whose network need not lead anywhere."""
        return podman("exec", f"{self.prefix}-{name}", *words)

    def vtysh(self, name: str, *commands: str) -> str:
        """Of FRR's shell."""
        return self.run(name, "vtysh", *(word for each in commands for word in ("-c", each)))

    def running(self) -> str:
        """What the leaf runs."""
        lines = self.vtysh(LEAF, "show running-config").splitlines()
        return "".join(f"{line}\n" for line in lines[4:-1])

    def saved(self) -> str:
        """What the leaf would start with."""
        return self.run(LEAF, "cat", "/etc/frr/frr.conf")

    def since(self) -> dict[str, int]:
        """Each session of the leaf that is up: when it came up."""
        found = json.loads(self.vtysh(LEAF, "show bgp neighbors json"))
        keys = {name: each for name, each in found.items() if isinstance(each, dict)}
        return {
            name: each["bgpTimerUpEstablishedEpoch"] for name, each in keys.items() if each["bgpState"] == "Established"
        }

    def whole(self) -> dict[str, int]:
        """The same, once both neighbours are there."""
        until(lambda: set(self.since()) == {"swp1", "swp3"}, 30)
        return self.since()

    def token(self) -> Path:
        """What is there while the leaf has a change that is not confirmed, as this machine sees it."""
        pid = podman("inspect", "--format", "{{.State.Pid}}", f"{self.prefix}-{LEAF}")
        return Path("/proc", pid, "root/run/karst-switch/token")

    def pending(self) -> bool:
        """Whether the leaf has begun a change that is not confirmed."""
        return self.token().exists()

    def configuration(self, **changed: Any) -> dict[str, Any]:
        """Of the provider: nothing that opens a BMC."""
        given = {"ssh_ca": self.authority.hosts_public, "ssh_config": str(self.folder / "config")}
        return {**given, "rollback_after_s": 10, **changed}

    def inputs(self, text: str | None = None, **changed: Any) -> dict[str, Any]:
        """Of the leaf."""
        declared = self.texts[LEAF] if text is None else text
        return {"name": LEAF, "endpoint": f"127.0.0.1:{self.port}", "configuration": declared, **changed}

    def reboot(self) -> None:
        """Cut the leaf's power, and give it back. Its cables are laid anew."""
        podman("restart", "--time", "0", f"{self.prefix}-{LEAF}")
        self.lay_cables()
        until(lambda: _says(f"{self.prefix}-{LEAF}", "systemctl", "is-active", "frr") == "active", 60)

    def lay_cables(self) -> None:
        """Between the containers as they are now."""
        pids = {name: podman("inspect", "--format", "{{.State.Pid}}", f"{self.prefix}-{name}") for name in self.texts}
        for (a, at_a), (b, at_b) in CABLES:
            ends = ("name", at_a, "netns", pids[a], "type", "veth", "peer", "name", at_b, "netns", pids[b])
            subprocess.run(["ip", "link", "add", *ends], check=True)
            for pid, interface in ((pids[a], at_a), (pids[b], at_b)):
                up = ("ip", "link", "set", interface, "up")
                subprocess.run(["nsenter", "--net", "--target", pid, *up], check=True)


def podman(*arguments: str, given: bytes | None = None) -> str:
    done = subprocess.run(["podman", "--runtime", "runc", *arguments], input=given, capture_output=True, check=False)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout.decode().removesuffix("\n" if arguments[0] != "exec" else "")


def until(true: Callable[[], bool], patience_s: float) -> None:
    deadline = monotonic() + patience_s
    while not true():
        assert monotonic() < deadline
        sleep(0.05)


@contextmanager
def switches(folder: Path) -> Iterator[Switches]:
    """The leaf has a bare text, its neighbours theirs."""
    image, planned = host_image(), nodes()
    # BFD ten times as patient: a session that a busy machine drops is no session that a push has dropped.
    texts = {
        name: Renderer(CLONE / "templates").frr(planned[name]).replace("-interval 100\n", "-interval 1000\n")
        for name in (LEAF, SPINE, HOST)
    }
    authority = SshAuthority.load_or_create(folder / "ssh")
    operator = authority.issue_user("test", [USER], 1)
    (folder / "key").write_text(operator.private)
    (folder / "key").chmod(0o600)
    (folder / "key-cert.pub").write_text(operator.certificate)
    (folder / "config").write_text(_CONFIG.format(user=USER, key=folder / "key"))
    made = Switches(folder, f"karst-push-{uuid.uuid4().hex[:6]}", free_port(), authority, texts)
    with ExitStack() as stack:
        for name in texts:
            stack.callback(podman, "rm", "--force", "--ignore", "--time", "0", f"{made.prefix}-{name}")
            _start(made, name, image)
        made.lay_cables()
        yield made


def _start(made: Switches, name: str, image: str) -> None:
    container = f"{made.prefix}-{name}"
    where = ("--publish", f"127.0.0.1:{made.port}:22") if name == LEAF else ()
    podman("create", "--name", container, "--hostname", name, *_MACHINE, *where, image)
    seat = HostSeat(name, "test.internal", IPv4Address("10.68.0.1"), "127.0.0.1")
    podman("cp", "-", f"{container}:/", given=seed(seat, "test", made.authority))
    podman("cp", "-", f"{container}:/etc/frr", given=_frr(BARE.format(name) if name == LEAF else made.texts[name]))
    podman("start", container)
    # systemd answers a moment after it was started.
    until(lambda: _says(container, "systemctl", "is-system-running") in ("running", "degraded"), 60)
    made.run(name, "chown", "-R", "frr:frr", "/etc/frr")
    made.run(name, "systemctl", "enable", "--quiet", "--now", "frr")


def _says(container: str, *words: str) -> str:
    command = ["podman", "--runtime", "runc", "exec", container, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _frr(text: str) -> bytes:
    options = "\n".join(f'{each}_options="-A 127.0.0.1"' for each in ("zebra", "bgpd", "staticd", "bfdd"))
    files = {"frr.conf": text, "daemons": f"bgpd=yes\nbfdd=yes\nvtysh_enable=yes\n{options}\n"}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o640
            archive.addfile(member, io.BytesIO(content.encode()))
    return out.getvalue()
