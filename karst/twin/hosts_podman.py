"""What the twin's hosts need of podman: containers whose name and label say which twin they belong to.

A container is a server's disk: made by the installer, kept while the server is off, removed with the twin.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from karst.twin.home import Home

# A systemd of its own, with limits below the machine's. The cgroup namespace is podman's choice: with cgroups of
# version 1 a private one would have every systemd manage the root of the machine's own tree, and each would wait at its
# shutdown for the services of the others.
# A device owns its firewall (NET_ADMIN) and may restart (SYS_BOOT, which here ends the container alone); chrony starts
# only with SYS_TIME, and the seed keeps it off the clock. FRR does not start without NET_RAW and SYS_ADMIN,
# and with SYS_NICE it goes before whatever else keeps the machine busy: its neighbours miss it after 300 ms.
_MACHINE = (
    *("--systemd=always", "--cap-add=NET_ADMIN,NET_RAW,SYS_ADMIN,SYS_BOOT,SYS_NICE,SYS_TIME", "--no-hosts"),
    *("--ulimit=nofile=20000:20000", "--ulimit=nproc=1024:1024"),
)
# Nothing of the caller's environment: no proxy, no foreign CA bundle, no secret.
_ENVIRONMENT = {"PATH": os.defpath + ":/usr/sbin:/sbin", "HOME": "/root"}
_LABEL = "karst.twin"
INTERFACE = "mgmt0"  # to this machine; the names of real ports are the planned ones
_ORDERLY = "SIGRTMIN+3"  # systemd's word for an orderly halt
_SEARCH = os.pathsep.join(("/usr/local/bin", _ENVIRONMENT["PATH"]))


class PodmanError(Exception):
    """Podman did not do what it was told; the message is its own."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of this twin. `pid` is of its first process, 0 while it does not run; `paused`: it stands still."""

    device: str
    pid: int
    paused: bool


@dataclass(frozen=True, slots=True)
class Podman:
    """Acts on the containers of one twin, `twin` being what their names and labels carry."""

    twin: str
    image: str

    def name(self, device: str) -> str:
        """A device's container."""
        return f"karst-{self.twin}-{device}"

    async def set_up(self) -> None:
        """Make the twin's network if it is missing. Raises PodmanError."""
        if self.twin not in (await _ask("network", "ls", "--format", "{{.Name}}", "--filter", f"name={self.twin}")):
            await _ask("network", "create", "--disable-dns", "--label", f"{_LABEL}={self.twin}", f"karst-{self.twin}")

    async def bridge(self) -> str:
        """The interface that the hosts hang on, which is there while one of them runs. Raises PodmanError."""
        return await _ask("network", "inspect", "--format", "{{.NetworkInterface}}", f"karst-{self.twin}")

    async def gateway(self) -> str:
        """This machine's address on it. Raises PodmanError."""
        return await _ask("network", "inspect", "--format", "{{(index .Subnets 0).Gateway}}", f"karst-{self.twin}")

    async def create(self, device: str, answers: str | None, files: bytes, kind: str = "server") -> None:
        """Make the container anew, with `files` (a tar archive) laid over the image.

        Its sshd answers at `answers`, an address and port of this machine, if there is one. Raises PodmanError.
        """
        await self.remove(device)
        where = ("--network", f"karst-{self.twin}:interface_name={INTERFACE}", "--hostname", device)
        publish = ("--publish", f"{answers}:22") if answers else ()
        label = ("--label", f"{_LABEL}={self.twin}", "--label", f"karst.{kind}={device}")
        await _ask("create", "--name", self.name(device), *_MACHINE, *where, *publish, *label, self.image)
        await _ask("cp", "-", f"{self.name(device)}:/", given=files)

    async def start(self, device: str, prepare: Callable[[int], Awaitable[None]]) -> int:
        """Start it; its first process, of which `prepare` is told before it does anything. Raises PodmanError."""
        if (await _try("init", self.name(device)))[0]:  # one whose start was cut short has to be ended first
            await _try("stop", "--time", "0", self.name(device))
            await _ask("init", self.name(device))
        pid = int(await _ask("inspect", "--format", "{{.State.Pid}}", self.name(device)))
        await prepare(pid)
        await _ask("start", self.name(device))
        return pid

    async def pause(self, device: str, *, paused: bool) -> None:
        """Have all its processes stand still, or go on. Raises PodmanError."""
        await _ask("pause" if paused else "unpause", self.name(device))

    async def rebooted(self, server: str) -> bool:
        """Whether the host that has ended by itself wants to start again. Raises PodmanError.

        The kernel ends the first process of a container by SIGHUP for a reboot and by SIGINT for a power-off.
        """
        return await _ask("wait", self.name(server)) == str(128 + signal.SIGHUP)

    async def halt(self, server: str) -> None:
        """Ask it to shut down; it ends when it has. Raises PodmanError."""
        await _ask("kill", "--signal", _ORDERLY, self.name(server))

    async def kill(self, *servers: str) -> None:
        """Cut the power. Those that do not run are left as they are."""
        if servers:
            await _try("kill", *(self.name(each) for each in servers))

    async def remove(self, *servers: str) -> None:
        """Throw the disks away, running or not, there or not. Raises PodmanError."""
        if servers:
            await _ask("rm", "--force", "--ignore", "--time", "0", *(self.name(each) for each in servers))

    async def found(self, kind: str = "server") -> list[Container]:
        """Every container of this twin for a device of some kind. Raises PodmanError."""
        of_kind = ("--filter", f"label=karst.{kind}")
        listed = json.loads(await _ask("ps", "--all", "--format", "json", *_mine(self.twin), *of_kind))
        return [
            Container(
                each["Labels"][f"karst.{kind}"],
                each["Pid"] if each["State"] in ("running", "paused") else 0,
                each["State"] == "paused",
            )
            for each in listed
        ]


def twin_id(home: Home) -> str:
    """What tells this twin's containers from another clone's: a hash of where it lies."""
    return hashlib.sha256(str(home.path.resolve()).encode()).hexdigest()[:8]


def lacking(image: str) -> str:
    """Why this machine can carry no hosts, as a sentence; empty if it can."""
    if os.geteuid() != 0:
        return "hosts need root, for containers with a systemd of their own"
    if missing := [name for name in ("podman", "runc") if shutil.which(name, path=_SEARCH) is None]:
        return f"hosts need {' and '.join(missing)}; `make image` installs it"
    if not image or _run("image", "exists", image).returncode:
        return "hosts need the host image; `make image` makes it"
    return ""


def kill_all(twin: str) -> None:
    """Cut the power of every host that a twin has left running; their disks stay."""
    if names := _listed(twin, "--filter", "status=running", "--filter", "status=paused"):
        _run("kill", *names)


def remove_all(twin: str) -> None:
    """Remove every container and network of a twin, running or not. Does nothing where there is no podman."""
    if names := _listed(twin):
        _run("rm", "--force", "--ignore", "--time", "0", *names)
    if shutil.which("podman", path=_SEARCH):
        for network in _run("network", "ls", "--quiet", *_mine(twin)).stdout.split():
            _run("network", "rm", "--force", network)


def _listed(twin: str, *filters: str) -> list[str]:
    if shutil.which("podman", path=_SEARCH) is None:
        return []
    return _run("ps", "--all", "--format", "{{.Names}}", *_mine(twin), *filters).stdout.split()


def _mine(twin: str) -> tuple[str, str]:
    return "--filter", f"label={_LABEL}={twin}"


def _command(arguments: Sequence[str]) -> list[str]:
    # crun, the default where it is there, fails with cgroups as many machines have them.
    return ["podman", "--runtime", "runc", *arguments]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own arguments
        _command(arguments), env=_ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


async def _try(*arguments: str, given: bytes | None = None) -> tuple[int, str, str]:
    # Files and not pipes: what watches a container inherits them, and a pipe would never end.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = await asyncio.create_subprocess_exec(
            *_command(arguments),
            stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
            stdout=out,
            stderr=err,
            env=_ENVIRONMENT,
            # A terminal's Ctrl-C is the twin's to handle, in order.
            start_new_session=True,
        )
        await process.communicate(given)
        out.seek(0)
        err.seek(0)
        return process.returncode or 0, out.read().decode(), err.read().decode()


async def _ask(*arguments: str, given: bytes | None = None) -> str:
    status, out, err = await _try(*arguments, given=given)
    if status:
        raise PodmanError(f"podman {arguments[0]}: {err.strip() or f'exit status {status}'}")
    return out.strip()
