"""A fabric of namespaces: built from nodes and their texts, watched by its kernels' routes, cut and healed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from zlib import crc32

from karst.plan.network.model import Node
from karst.plan.network.routes import Table, narrow, table
from karst.twin.fabric import carriers
from karst.twin.fabric.daemons import Daemons
from karst.twin.fabric.ground import FabricError, Ground

Tables = Mapping[str, Table]

# As role `network` sets them on every device, but for the last two: no address on a cable can be anyone else's, and
# the answer to a packet may come by another way than it went.
_SYSCTLS = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.fib_multipath_hash_policy=1",
    "net.ipv4.conf.all.ignore_routes_with_linkdown=1",
    "net.ipv4.conf.default.ignore_routes_with_linkdown=1",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
)
_STARTS_AT_ONCE = 4
_PAUSE_S = 0.1
_FIRST_NUMBER = 10


class Fabric:
    """Nodes by name, each with its text, and the carriers that they name, on a ground."""

    def __init__(self, ground: Ground, nodes: Mapping[str, Node], texts: Mapping[str, str]) -> None:
        """Nothing is built yet."""
        self.ground, self.nodes = ground, nodes
        self.carriers = {carrier.name: carrier for carrier in carriers.carriers(nodes)}
        self._texts = {**texts, **{name: carriers.text(each) for name, each in self.carriers.items()}}
        self.daemons = {name: Daemons(ground, name) for name in self._texts}

    def build(self) -> None:
        """Lay the cables and start every device. Raises FabricError."""
        self.ground.add(self._texts)
        for name in self._texts:
            # As switches have it: with one seed for all (Linux before 6.12) each would choose as the one before it did,
            # and some ways would lie idle.
            seed = f"net.ipv4.fib_multipath_hash_seed={crc32(name.encode())}"
            self.ground.run(["sysctl", "-qw", "--ignore", *_SYSCTLS, seed], name)
        # Numbers that no other interface has: where both ends of a cable have the same, Linux does not see that it is
        # a virtual one, and tells of lost carriers but once a second.
        cables = [
            f"link add {a} index {number} netns {near} type veth peer name {b} index {number + 1} netns {far}\n"
            for number, (near, a, far, b) in zip(count(_FIRST_NUMBER, 2), self._cables(), strict=False)
        ]
        self.ground.run(["ip", "-batch", "-"], given="".join(cables))
        self._set(self._texts, "up")
        with ThreadPoolExecutor(_STARTS_AT_ONCE) as pool:
            list(pool.map(self._start, self._texts))

    def tables(self) -> Tables:
        """Return what each kernel's routes are now, carriers' too."""
        script = "\n".join(f"ip -n {name} -j route; echo" for name in self._texts)
        listed = [line for line in self.ground.run(["sh", "-euc", script]).splitlines() if line.strip()]
        return {name: table(line) for name, line in zip(self._texts, listed, strict=True)}

    def wait_until_whole(self, patience_s: float) -> Tables:
        """Wait until every kernel has the routes and widths of the plan; return the tables. Raises FabricError."""
        return self.wait_until(lambda tables: narrow(self.nodes, tables), patience_s)

    def wait_until(self, lacks: Callable[[Tables], Sequence[str]], patience_s: float) -> Tables:
        """Wait until the kernels' tables lack nothing; return them. Raises FabricError with what they lack last."""
        until = time.monotonic() + patience_s
        while missing := lacks(tables := self.tables()):
            if time.monotonic() > until:
                raise FabricError(f"after {patience_s:g} s: {'; '.join(missing)}")
            time.sleep(_PAUSE_S)
        return tables

    def wait_until_as(self, before: Tables, patience_s: float) -> None:
        """Wait until every kernel has the routes that it had before. Raises FabricError that names what differs."""
        self.wait_until(lambda tables: _differences(before, tables), patience_s)

    def unplug(self, node: str, interface: str) -> None:
        """Take a cable out: both its ends lose their carrier."""
        self.ground.run(["ip", "-n", node, "link", "set", interface, "down"])

    def plug(self, node: str, interface: str) -> None:
        """Put the cable back."""
        self.ground.run(["ip", "-n", node, "link", "set", interface, "up"])

    def power_off(self, *nodes: str) -> None:
        """Take the power of devices: all their links go down, nothing is said to anyone."""
        self._set(nodes, "down")
        for node in nodes:
            self.daemons[node].signal("KILL")

    def power_on(self, *nodes: str) -> None:
        """Give them power again; they start with their text."""
        self._set(nodes, "up")
        for node in nodes:
            self._start(node)

    def freeze(self, node: str) -> None:
        """Let a device die silently: its links stay up, it forwards nothing and says nothing.

        Its daemons stop rather than end, as the kernel would close the sessions of those that end.
        """
        self.ground.run(["sysctl", "-qw", "net.ipv4.ip_forward=0"], node)
        self.daemons[node].signal("STOP")

    def thaw(self, node: str) -> None:
        """Let it live again."""
        self.ground.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], node)
        self.daemons[node].signal("CONT")

    def withdraw(self, carrier: str) -> None:
        """Let a carrier take its default back, its link up."""
        self.daemons[carrier].command(*carriers.withdrawal(self.carriers[carrier]))

    def announce(self, carrier: str) -> None:
        """Let it announce its default again."""
        self.daemons[carrier].command(*carriers.withdrawal(self.carriers[carrier], back=True))

    def drain(self, node: str) -> None:
        """Let a device ask its neighbours to prefer other ways (RFC 8326), until it starts again."""
        bgp = f"router bgp {self.nodes[node].as_number}"
        self.daemons[node].command("configure terminal", bgp, "bgp graceful-shutdown")

    def reload(self, node: str, text: str) -> None:
        """Give a device another text, by the difference alone; it starts with it from now on."""
        self._texts[node] = text
        self.daemons[node].reload(text)

    def _start(self, name: str) -> None:
        self.daemons[name].start()
        self.daemons[name].load(self._texts[name])

    def _cables(self) -> list[tuple[str, str, str, str]]:
        """Return each cable once, by its ends in order; one to a device that is not here is not laid."""
        ends = {
            tuple(sorted([(name, link.interface), (link.neighbour, link.neighbour_interface)]))
            for name, node in self.nodes.items()
            for link in node.links
            if link.neighbour in self._texts
        }
        return [(*near, *far) for near, far in sorted(ends)]

    def _interfaces(self, name: str) -> list[str]:
        pairs = [(pair[:2], pair[2:]) for pair in self._cables()]
        return [interface for pair in pairs for node, interface in pair if node == name]

    def _set(self, nodes: Iterable[str], state: str) -> None:
        """Set every link of the nodes, a node at once."""
        for node in nodes:
            lines = [f"link set {interface} {state}\n" for interface in self._interfaces(node)]
            self.ground.run(["ip", "-n", node, "-batch", "-"], given="".join(lines))


def _differences(before: Tables, now: Tables) -> tuple[str, ...]:
    return tuple(
        f"{name}: {destination} goes over {_listed(now[name], destination)}, before over {_listed(was, destination)}"
        for name, was in before.items()
        for destination in sorted(was.keys() | now[name].keys())
        if was.get(destination) != now[name].get(destination)
    )


def _listed(table: Table, destination: str) -> str:
    return ", ".join(sorted(table.get(destination, ()))) or "nothing"
