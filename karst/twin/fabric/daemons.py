"""The routing daemons of one node: Debian's own FRR, started as its service starts it, but in the node's namespaces."""

from __future__ import annotations

import shutil
from pathlib import Path

from karst.twin.fabric.ground import FOLDER, URGENT, FabricError, Ground

PROGRAMS = Path("/usr/lib/frr")
# zebra first, as the others ask it for interfaces. Its receive buffer takes all links of a node at once.
_DAEMONS = {"zebra": ("-s", "90000000"), "staticd": (), "bfdd": ("--bfdctl", "{folder}/bfdd.sock"), "bgpd": ()}
_FRAME = ("Building configuration...", "", "Current configuration:", "!")


class Daemons:
    """The daemons of `node`, whose sockets and pid files are in a folder of its own."""

    def __init__(self, ground: Ground, node: str) -> None:
        """Nothing is started yet."""
        self._ground, self._node = ground, node
        self._folder = FOLDER / node

    def start(self) -> None:
        """Start them all; they know no configuration yet. Raises FabricError."""
        script = [f"chown frr:frr {self._folder}", f"rm -f {self._folder}/*.pid {self._folder}/*.vty"]
        for name, extra in _DAEMONS.items():
            more = " ".join(extra).format(folder=self._folder)
            script.append(
                f"{' '.join(URGENT)} {PROGRAMS / name} -d -u frr -g frr -P 0 -F datacenter -f /dev/null"
                f" -i {self._folder}/{name}.pid -z {self._folder}/zserv.api --vty_socket {self._folder} {more}"
            )
        self._ground.run(["sh", "-euc", "\n".join(script)], self._node)

    def load(self, text: str) -> None:
        """Give them a configuration, for the first time. Raises FabricError if a line is refused."""
        self._put(text)
        self._vtysh("-f", str(self._folder / "frr.conf"))

    def reload(self, text: str) -> None:
        """Make another configuration the running one, by the difference alone. Raises FabricError."""
        self._put(text)
        self._frr_reload("--reload")

    def difference(self, text: str) -> str:
        """Return what `reload` would add and delete; nothing at all for the running one."""
        self._put(text)
        said = self._frr_reload("--test").splitlines()
        return "\n".join(line for line in said if line.strip() and not line[:4].isdigit())

    def running(self) -> str:
        """Return the running configuration, without the frame that `show` puts around it."""
        lines = self._vtysh("-c", "show running-config").splitlines()
        if tuple(lines[:4]) != _FRAME or lines[-1] != "end":
            raise FabricError(f"{self._node}: no running configuration: {lines[:6]}")
        return "".join(f"{line}\n" for line in lines[4:-1])

    def command(self, *commands: str) -> str:
        """Run commands of FRR's shell, and return what they print."""
        return self._vtysh(*(part for command in commands for part in ("-c", command)))

    def signal(self, name: str) -> None:
        """Send every daemon a signal: `KILL`, `STOP`, `CONT`."""
        self._ground.run(["sh", "-c", f"kill -{name} $(cat {self._folder}/*.pid)"])

    def _put(self, text: str) -> None:
        self._ground.run(["sh", "-euc", f"cat > {self._folder}/frr.conf"], given=text)

    def _vtysh(self, *arguments: str) -> str:
        return self._ground.run(["vtysh", "--vty_socket", str(self._folder), *arguments], self._node)

    def _frr_reload(self, what: str) -> str:
        where = ["--vty_socket", str(self._folder), "--rundir", str(self._folder)]
        conf = str(self._folder / "frr.conf")
        command = ["python3", str(PROGRAMS / "frr-reload.py"), what, "--stdout", *where, conf]
        return self._ground.run(command, self._node)


def lacking() -> tuple[str, ...]:
    """Return Debian's packages without which no node can have daemons, of those that are not installed."""
    wanted = {"frr": PROGRAMS / "bgpd", "frr-pythontools": PROGRAMS / "frr-reload.py"}
    return tuple(package for package, program in wanted.items() if shutil.which(program) is None)
