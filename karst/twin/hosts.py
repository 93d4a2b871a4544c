"""The hosts of the twin's servers: installed because a BMC was told to, running while their server is on.

The BMCs' side is synchronous: it says what shall be (`started`, `cut`, `shut_down`). A task a server then makes podman
agree, one act at a time; only the newest wish counts.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from functools import partial

from karst.ssh_ca import SshAuthority
from karst.twin import power
from karst.twin.bmc import Bmc
from karst.twin.hosts_podman import Podman, PodmanError
from karst.twin.hosts_seed import HostSeat, seed
from karst.twin.hosts_wish import Host, Wish
from karst.twin.network.lines import LinesError
from karst.twin.network.no_network import NoNetwork
from karst.twin.no_hosts import NoHosts
from karst.twin.site_services import SiteServices
from karst.twin.state import Boot, Disk, Json, Media, Power

log = logging.getLogger(__name__)

# Podman takes a core while it makes or starts a container; more at once only make each slower.
_AT_ONCE = 4
# A machine of a developer carries so many systemds without pain (16 MiB each, more once they are configured).
HOSTS_MAX = 64


class Hosts(NoHosts):
    """Hosts as containers. `images` are the installers that the site's image server offers, by URL."""

    def __init__(
        self,
        podman: Podman,
        seats: Mapping[str, HostSeat],
        images: frozenset[str],
        authority: SshAuthority,
        port: int,
        services: SiteServices,
        network: NoNetwork,
    ) -> None:
        super().__init__()
        self._network = network
        self._podman, self._authority, self._port, self._services = podman, authority, port, services
        self._seats, self._images = seats, images
        self._hosts: dict[str, Host] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._ending = False
        self._tasks: set[asyncio.Task[None]] = set()

    def _host(self, bmc: Bmc) -> Host | None:
        if self.reason:
            return None
        if bmc.name not in self._hosts and bmc.name in self._seats:
            self._hosts[bmc.name] = Host(bmc, self._seats[bmc.name])
        return self._hosts.get(bmc.name)

    # What the BMCs say

    def started(self, bmc: Bmc) -> None:
        """Boot the installer in the virtual drive if the override says so, else what is on the disk."""
        host, disk = self._host(bmc), bmc.get(Disk)
        if host is None:
            return
        medium = self._medium(bmc) if bmc.get(Boot).last == "Cd" else None
        if medium is not None:
            disk.image, disk.installing = "", medium
            bmc.changed(disk)
            bmc.log("The installer started from the virtual drive.", "ResourceEvent.1.3.ResourceStateChanged")
            self._want(host, Wish.INSTALL)
        elif disk.image:
            self._want(host, Wish.RUN)
        else:
            bmc.log("No bootable device was found.", "ResourceEvent.1.3.ResourceErrorsDetected", "Warning")

    def _medium(self, bmc: Bmc) -> str | None:
        """The installer in a virtual drive. What the image server does not have cannot be booted."""
        inserted = (slot.get("Image") for slot in bmc.get(Media).slots.values())
        return next((url for url in inserted if url in self._images), None)

    def cut(self, bmc: Bmc) -> None:
        """Kill it. An installation that was under way leaves a disk that does not boot."""
        host = self._host(bmc)
        if host is not None:
            self._forget_installation(bmc)
            self._want(host, Wish.OFF)

    def shut_down(self, bmc: Bmc) -> None:
        """Let it stop in order; an installer just dies."""
        host = self._host(bmc)
        if host is not None:
            self._forget_installation(bmc)
            self._want(host, Wish.HALT if host.running else Wish.OFF)

    def _forget_installation(self, bmc: Bmc) -> None:
        disk = bmc.get(Disk)
        if disk.installing:
            disk.installing = ""
            bmc.changed(disk)

    def busy(self, bmc: Bmc) -> bool:
        """Whether it is shutting down in order."""
        host = self._host(bmc)
        return host is not None and host.wish is Wish.HALT and host.running

    def progress(self, bmc: Bmc) -> str:
        """OSRunning only while the host runs."""
        host = self._host(bmc)
        if host is None:
            return super().progress(bmc)
        if host.running:
            return "OSRunning"
        return "OSBootStarted" if host.wish in (Wish.RUN, Wish.INSTALL) else "SystemHardwareInitializationComplete"

    def seen(self, bmc: Bmc) -> Json:
        """The host's state (empty, installing, off, running), image, address, and what podman refused last."""
        host, disk = self._host(bmc), bmc.get(Disk)
        if host is None:
            return {}
        state = "installing" if disk.installing else "running" if host.running else "off" if disk.image else "empty"
        return {"host": {"state": state, "image": disk.image, "address": host.seat.address, "fault": host.fault}}

    def status(self) -> Json:
        """How many are installed and run, at which port they answer, and what went wrong."""
        installed = sum(bool(host.bmc.get(Disk).image) for host in self._hosts.values())
        running = sum(host.running for host in self._hosts.values())
        faults = [f"{name}: {host.fault}" for name, host in self._hosts.items() if host.fault]
        faults += filter(None, [self._services.fault])
        if self.reason:
            return super().status()
        about = {"state": "ready", "message": "; ".join(faults), "running": running, "installed": installed}
        return {**about, "port": self._port}

    # What podman is told

    def _want(self, host: Host, wish: Wish) -> None:
        host.doomed = host.running and (host.doomed or wish in (Wish.OFF, Wish.HALT))
        host.wish, host.turn = wish, host.turn + 1
        host.stirred.set()
        if host.worker is None or host.worker.done():
            host.worker = asyncio.get_running_loop().create_task(self._work(host))

    async def _work(self, host: Host) -> None:
        done = -1
        while done != host.turn:
            done = host.turn
            host.stirred.clear()
            try:
                await self._act(host)
                host.fault = ""
            except (PodmanError, LinesError, OSError) as fault:
                host.fault = str(fault)
                log.error("%s: %s", host.bmc.name, fault)

    async def _act(self, host: Host) -> None:
        match host.wish:
            case Wish.OFF:
                await self._off(host)
            case Wish.HALT:
                await self._halt(host)
            case Wish.RUN:
                await self._run(host)
            case Wish.INSTALL:
                await self._install(host)

    async def _off(self, host: Host) -> None:
        if host.running:
            await self._podman.kill(host.bmc.name)
        while host.running:  # until its end has been noticed
            await host.stirred.wait()
            host.stirred.clear()

    async def _halt(self, host: Host) -> None:
        if host.running:
            await self._podman.halt(host.bmc.name)
            turn = host.turn
            while host.running and host.turn == turn:  # a harder wish may overtake it
                await host.stirred.wait()
                host.stirred.clear()

    async def _run(self, host: Host) -> None:
        if host.doomed:
            await self._off(host)  # a restart whose first half was overtaken by the second
        if not host.running:
            async with self._slots:
                name = host.bmc.name
                self._watch(host, await self._podman.start(name, partial(self._network.attach, name)))
            await self._services.serve(await self._podman.bridge())

    async def _install(self, host: Host) -> None:
        turn, disk = host.turn, host.bmc.get(Disk)
        image = disk.installing
        await asyncio.sleep(host.bmc.world.timing.install_s)  # what writing a disk takes
        if host.turn != turn:
            return
        async with self._slots:
            files = seed(host.seat, image, self._authority)
            await self._podman.create(host.bmc.name, f"{host.seat.address}:{self._port}", files)
        if host.turn != turn:
            return
        disk.image, disk.installing = image, ""
        host.bmc.changed(disk)
        host.bmc.log(f"{image} was installed.", "ResourceEvent.1.3.ResourceStateChanged")
        power.restart(host.bmc)
        host.bmc.world.store.flush()

    def _watch(self, host: Host, pid: int) -> None:
        """Notice the end of the host's first process, whoever brings it about."""
        descriptor = os.pidfd_open(pid)
        loop = asyncio.get_running_loop()
        host.running, host.doomed = True, False

        def ended() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            by_itself = host.wish is Wish.RUN and not host.doomed and not self._ending
            host.running, host.doomed = False, False
            self._network.detach(host.bmc.name)
            host.stirred.set()
            if by_itself:
                self._tasks.add(task := loop.create_task(self._ended_by_itself(host)))
                task.add_done_callback(self._tasks.discard)

        loop.add_reader(descriptor, ended)

    async def _ended_by_itself(self, host: Host) -> None:
        """The operating system has powered the server off, or restarts it."""
        (power.restart if await self._podman.rebooted(host.bmc.name) else power.halted)(host.bmc)
        host.bmc.world.store.flush()

    # The twin's own beginning and end

    async def start(self, bmcs: Iterable[Bmc]) -> None:
        """Take over the hosts of servers that are on, start those that should run, throw away what is nobody's."""
        try:
            await self._podman.set_up()
            left = {each.device: each.pid for each in await self._podman.found()}
        except PodmanError as fault:
            self.reason = str(fault)
            log.error("there are no hosts: %s", fault)
            return
        for bmc in bmcs:
            host = self._host(bmc)
            if host is None:
                continue
            disk, state = bmc.get(Disk), bmc.get(Power)
            if disk.image and bmc.name not in left:
                disk.image = ""
                bmc.changed(disk)
                bmc.log("The disk is empty.", "ResourceEvent.1.3.ResourceErrorsDetected", "Critical")
            pid = left.pop(bmc.name, 0) if disk.image else 0
            await self._take_over(host, pid, is_on=state.state == "On" and not state.goal)
        await self._podman.remove(*left)
        await self._network.start()
        if any(host.running for host in self._hosts.values()):
            await self._services.serve(await self._podman.bridge())

    async def _take_over(self, host: Host, pid: int, is_on: bool) -> None:
        disk = host.bmc.get(Disk)
        if pid:
            self._watch(host, pid)
            await self._network.attach(host.bmc.name, pid, is_new=False)
        if is_on and disk.installing:
            self._want(host, Wish.INSTALL)
        elif is_on and disk.image:
            self._want(host, Wish.RUN)
        else:
            self._forget_installation(host.bmc)
            self._want(host, Wish.OFF)

    async def stop(self) -> None:
        """End every host as if the power were gone, as the twin's servers end with it; disks stay."""
        self._ending = True
        self._services.close()
        workers = [host.worker for host in self._hosts.values() if host.worker is not None]
        for worker in (*workers, *self._tasks):
            worker.cancel()
        await asyncio.gather(*workers, *self._tasks, return_exceptions=True)
        await self._network.stop()
        await self._podman.kill(*(name for name, host in self._hosts.items() if host.running))
