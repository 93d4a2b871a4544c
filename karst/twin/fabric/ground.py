"""What a fabric stands on: mounts, processes and network namespaces that nobody outside sees, and that end with us.

A network namespace lasts as long as something holds it. Here that is a mount, in a mount namespace, of a process that
is the first of a process namespace: when it ends, by whatever signal, the kernel ends every daemon, and with them go
mounts, namespaces and cables. So nothing is left after a kill, and two fabrics never meet.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from types import TracebackType
from typing import Self

import psutil

_NEEDED = ("ip", "nsenter", "setpriv", "unshare", "sysctl")
# What is timed goes before whatever else keeps the machine busy: a neighbour is given up after 300 ms, and a packet
# missed after ten.
URGENT = ("nice", "--adjustment=-15")
# Folder of sockets, pid files and texts, a tmpfs that only the fabric sees; its name alone is left on the machine.
FOLDER = PurePosixPath("/run/karst-fabric")
_NETNS = PurePosixPath("/run/netns")
# The first process has to take in those that others left behind: a shell that waits does.
_FIRST = f"""
mkdir -p {FOLDER} {_NETNS}
mount -t tmpfs -o mode=755 karst {FOLDER}
mount -t tmpfs -o mode=755 karst {_NETNS}
echo ready
while :; do sleep 3600 & wait $!; done
"""


class FabricError(Exception):
    """What went wrong with the fabric, as a sentence."""


class Ground:
    """A place for nodes, as a context; each is a network namespace with a host name of its own. Needs root."""

    def __enter__(self) -> Self:
        """Raise FabricError where programs are lacking or the kernel forbids namespaces."""
        lacking = [name for name in _NEEDED if shutil.which(name) is None]
        if lacking:
            raise FabricError(f"the fabric needs {', '.join(lacking)} of this machine")
        apart = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]
        command = [*apart, "sh", "-euc", _FIRST]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            self._process.kill()
            raise FabricError(f"no namespaces for a fabric: {self._process.communicate()[1].strip()}")
        (first,) = psutil.Process(self._process.pid).children()
        self.first = first.pid
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End every process of every node; the kernel takes away the rest."""
        self._process.kill()
        self._process.communicate()

    def add(self, nodes: Iterable[str]) -> None:
        """Make a namespace for each node, and its folder `FOLDER/<node>`. Names are at most 64 characters."""
        script = [
            f"ip netns add {node}; mkdir {FOLDER}/{node}; touch {FOLDER}/{node}/uts;"
            f" unshare --uts={FOLDER}/{node}/uts hostname {node}; ip -n {node} link set lo up"
            for node in nodes
        ]
        self.run(["sh", "-euc", "\n".join(script)])

    def within(self, command: Sequence[str], node: str | None = None) -> list[str]:
        """Return the command as it must be started from outside to run on the ground, or in a node's namespaces."""
        enter = ["nsenter", f"--target={self.first}", "--mount", "--pid"]
        if node is not None:
            root = f"/proc/{self.first}/root"
            enter += [f"--net={root}{_NETNS}/{node}", f"--uts={root}{FOLDER}/{node}/uts"]
        return [*enter, "--", *command]

    def run(self, command: Sequence[str], node: str | None = None, given: str = "") -> str:
        """Run the command with `given` as its input, and return what it printed. Raises FabricError if it fails."""
        done = subprocess.run(  # noqa: S603 - our own commands
            self.within(command, node), input=given, capture_output=True, text=True, check=False
        )
        if done.returncode:
            where = f"{node}: " if node else ""
            raise FabricError(f"{where}{' '.join(command)[:200]} failed: {(done.stdout + done.stderr).strip()[-2000:]}")
        return done.stdout

    def start(self, module: str, arguments: Sequence[str], node: str) -> subprocess.Popen[str]:
        """Start a Python module in a node, before all else, with pipes to its input and output."""
        command = self.within([*URGENT, sys.executable, "-m", module, *arguments], node)
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
