"""The twin's network at work: its devices run while they have power, and cables join whatever runs."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial

from karst.plan.network.model import Node
from karst.ssh_ca import SshAuthority
from karst.twin.fabric import carriers
from karst.twin.hosts_podman import Container, Podman, PodmanError
from karst.twin.network.built import Built
from karst.twin.network.devices import NetworkDevice, files
from karst.twin.network.lines import Lines, LinesError, within
from karst.twin.network.management import Management, tell_speeds
from karst.twin.network.no_network import NoNetwork
from karst.twin.network.trace import trace
from karst.twin.state import Json

log = logging.getLogger(__name__)

_AT_ONCE = 4
_GREETING_S = 30.0
_FREEZING_S = 15.0
_POLL_S = 0.2


@dataclass(slots=True)
class _Running:
    """A device of the network: 0 while it is off."""

    device: NetworkDevice
    pid: int = 0
    frozen: bool = False
    withdrawn: bool = False
    fault: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Network(NoNetwork):
    """Devices as containers. `has_power` tells whether the rack PDU of a device's path gives any."""

    def __init__(
        self,
        podman: Podman,
        devices: Mapping[str, NetworkDevice],
        nodes: Mapping[str, Node],
        built: Built,
        management: Management,
        authority: SshAuthority,
        port: int,
        has_power: Callable[[NetworkDevice], bool],
    ) -> None:
        super().__init__("")
        self._podman, self._built, self._management = podman, built, management
        self._authority, self._port, self._has_power = authority, port, has_power
        self._devices = {name: _Running(device) for name, device in devices.items()}
        self._nodes = nodes
        self._carriers = {each.name: each for each in carriers.carriers(nodes)}
        self._lines = Lines({end for a, b, _ in built.cables() for end in (a, b)})
        self._pids: dict[str, int] = {}  # of all that runs, hosts too
        self._gateway = ""
        self._slots, self._laying = asyncio.Semaphore(_AT_ONCE), asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = self._ending = False

    # What hosts and power say

    async def attach(self, device: str, pid: int, *, is_new: bool = True) -> None:
        """Give a device its ways, and lay its cables. Raises LinesError."""
        if is_new:
            self._gateway = self._gateway or await self._podman.gateway()
            await self._management.prepare(pid, self._gateway)
        await tell_speeds(pid, self._built.speeds_gbps(device))
        self._pids[device] = pid
        if self._started:
            await self._lay()

    def detach(self, device: str) -> None:
        """Leave the other ends of its cables without a carrier."""
        self._pids.pop(device, None)
        self._lines.gone(device)
        if not self._ending:
            self._soon(self._lay())

    def settle(self) -> None:
        """Start and end devices as power and faults want."""
        for running in self._devices.values():
            self._soon(self._settle(running))

    async def change(self, raw: bytes) -> None:
        """Break something or mend it: see built.Change. Raises ValueError."""
        before = self._built.kept.speeds_gbps
        self._built.change(raw)
        await asyncio.gather(*(self._settle(running) for running in self._devices.values()))
        await self._lay()
        if before != self._built.kept.speeds_gbps:
            await self._tell_speeds()

    # What is told

    def body(self) -> Json:
        """The network as built."""
        return self._built.body()

    async def seen(self) -> Json:
        """How every device is: power, sessions that stand of those planned, routes of BGP in the kernel."""
        names = [*self._devices, *(name for name in self._nodes if name not in self._devices)]
        return dict(zip(names, await asyncio.gather(*map(self._seen, names)), strict=True))

    async def trace(self, source: str, target: str, port: int) -> Json:
        """The way of a flow between hosts, as each kernel on it decides. Raises ValueError for a name of nobody."""
        return await trace(self._nodes, self._pids, self._built.cables(), source, target, port)

    def status(self) -> Json:
        """How many devices there are and run, and what podman refused."""
        faults = [self.reason] if self.reason else []
        faults += [f"{name}: {each.fault}" for name, each in self._devices.items() if each.fault]
        running = sum(each.pid > 0 for each in self._devices.values())
        return {"state": "ready", "devices": len(self._devices), "running": running, "message": "; ".join(faults)}

    async def _seen(self, name: str) -> Json:
        running, node = self._devices.get(name), self._nodes.get(name)
        role = str(running.device.role if running else node.role if node else "")
        planned = len(node.links) if node else len(self._carriers[name].borders)
        pid = self._pids.get(name, 0)
        is_silent = pid > 0 and running is not None and running.frozen
        about: Json = {"role": role, "power": "On" if pid else "Off", "silent": is_silent, "sessions_planned": planned}
        if not pid or is_silent:
            return about | {"sessions": 0, "routes": 0}
        said = await within(pid, "vtysh", "-c", "show bgp ipv4 unicast summary json", mount=True, fails=False)
        routes = await within(pid, "ip", "-json", "route", "show", "proto", "bgp", fails=False)
        return about | {"sessions": _established(said), "routes": len(json.loads(routes or "[]"))}

    # What podman is told

    async def start(self) -> None:
        """Take over the devices of an earlier twin, start those that should run."""
        try:
            await self._start()
        except PodmanError as fault:
            self.reason = str(fault)
            log.error("there is no network: %s", fault)

    async def _start(self) -> None:
        left = {each.device: each for each in await self._podman.found("switch")}
        await self._podman.remove(*(name for name in left if name not in self._devices))
        known = {name for name in left if name in self._devices}
        for name in known:
            if left[name].pid:
                await self._take_over(self._devices[name], left[name])
        await self._lines.adopt(self._pids)  # hosts' that were taken over before, too
        self._started = True
        await self._lay()
        await asyncio.gather(*(self._settle(each, name in known) for name, each in self._devices.items()))
        await asyncio.gather(*map(self._greeted, self._devices.values()))

    async def _greeted(self, running: _Running) -> None:
        """Wait until a switch can be logged in to, as one in the cavern can be long before anybody comes."""
        until, seat = asyncio.get_running_loop().time() + _GREETING_S, running.device.seat
        while seat is not None and running.pid and not running.frozen and asyncio.get_running_loop().time() < until:
            try:
                reader, writer = await asyncio.open_connection(seat.address, self._port)
                line = await asyncio.wait_for(reader.readline(), _GREETING_S)
                writer.close()
                if line.startswith(b"SSH-"):
                    return
            except (OSError, TimeoutError):
                pass
            await asyncio.sleep(_POLL_S)

    async def stop(self) -> None:
        """End every device as if the power were gone; their disks stay."""
        self._ending = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._podman.kill(*(name for name, each in self._devices.items() if each.pid))

    async def _take_over(self, running: _Running, left: Container) -> None:
        name = running.device.name
        try:
            await self.attach(name, left.pid, is_new=False)
            running.frozen, running.withdrawn = left.paused, name in self._built.kept.withdrawn
            self._watch(running, left.pid)
        except (LinesError, OSError) as fault:
            log.error("%s is started anew: %s", name, fault)
            self._pids.pop(name, None)
            await self._podman.kill(name)

    async def _settle(self, running: _Running, is_made: bool = True) -> None:
        name, kept = running.device.name, self._built.kept
        async with running.lock:
            try:
                if not is_made:
                    await self._make(running)
                wanted = name not in kept.off and self._has_power(running.device) and not self._ending
                if running.pid and not wanted:
                    await self._podman.kill(name)
                elif wanted and not running.pid:
                    async with self._slots:
                        self._watch(running, await self._podman.start(name, partial(self._begin, running)))
                if running.pid and wanted and (name in kept.silent) != running.frozen:
                    await self._freeze(running, frozen=name in kept.silent)
                is_withdrawn = name in kept.withdrawn
                if running.pid and wanted and not running.frozen and is_withdrawn != running.withdrawn:
                    await self._say(running, withdrawn=is_withdrawn)
                running.fault = ""
            except (PodmanError, LinesError, OSError) as fault:
                running.fault = str(fault)
                log.error("%s: %s", name, fault)
                if not running.pid:
                    self.detach(name)

    async def _make(self, running: _Running) -> None:
        device = running.device
        where = None if device.seat is None else f"{device.seat.address}:{self._port}"
        async with self._slots:
            await self._podman.create(device.name, where, files(device, self._authority), kind="switch")

    async def _begin(self, running: _Running, pid: int) -> None:
        """Prepare a device whose system has not started yet. A carrier comes with its default, or without it."""
        name = running.device.name
        running.frozen, running.withdrawn = False, name in self._built.kept.withdrawn
        if name in self._carriers:
            text = carriers.text(self._carriers[name], withdrawn=running.withdrawn)
            await within(pid, "sh", "-euc", "cat > /etc/frr/frr.conf", given=text, mount=True)
        await self.attach(name, pid)

    async def _freeze(self, running: _Running, *, frozen: bool) -> None:
        """Let it forward nothing and say nothing, its links up; or let it live again."""
        await within(running.pid, "sysctl", "-qw", f"net.ipv4.ip_forward={int(not frozen)}")
        until = asyncio.get_running_loop().time() + _FREEZING_S
        while running.frozen != frozen:
            try:
                await self._podman.pause(running.device.name, paused=frozen)
                running.frozen = frozen
            except PodmanError:  # a kernel cannot always freeze one whose system is just starting
                if not running.pid or asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(_POLL_S)

    async def _say(self, running: _Running, *, withdrawn: bool) -> None:
        """Have a carrier take its default back, or announce it again."""
        words = carriers.withdrawal(self._carriers[running.device.name], back=not withdrawn)
        await within(running.pid, "vtysh", *(part for word in words for part in ("-c", word)), mount=True)
        running.withdrawn = withdrawn

    async def _tell_speeds(self) -> None:
        for name, pid in list(self._pids.items()):
            try:
                await tell_speeds(pid, self._built.speeds_gbps(name))
            except LinesError as fault:
                log.error("%s: %s", name, fault)  # it has just ended, and is told when it starts

    async def _lay(self) -> None:
        async with self._laying:
            try:
                await self._lines.lay(self._pids, self._built.cables())
            except LinesError as fault:
                # Of a device that has just ended, mostly: it is detached in a moment, which lays them again.
                log.error("cables: %s", fault)
                await self._lines.adopt(self._pids)

    def _watch(self, running: _Running, pid: int) -> None:
        """Notice the end of the device's first process, whoever brings it about; it starts again if it may."""
        descriptor, loop = os.pidfd_open(pid), asyncio.get_running_loop()
        running.pid = pid

        def ended() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            running.pid = 0
            self.detach(running.device.name)
            if not self._ending:
                self._soon(self._settle(running))

        loop.add_reader(descriptor, ended)

    def _soon(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.add(task := asyncio.get_running_loop().create_task(work))
        task.add_done_callback(self._tasks.discard)


def _established(said: str) -> int:
    peers = json.loads(said or "{}").get("peers", {})
    return sum(peer.get("state") == "Established" for peer in peers.values())
