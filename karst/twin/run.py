"""The twin as a process: what it reads, in which order things start, how they end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import shutil
import signal
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import uvloop

from karst import collector
from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.ssh_ca import SshAuthority
from karst.twin.cabling import Cabling
from karst.twin.control import Control
from karst.twin.control_plane import ControlPlane, Ports
from karst.twin.control_plane_commands import BINARIES
from karst.twin.device import Device, devices
from karst.twin.faults import Faults
from karst.twin.hardware import Hardware
from karst.twin.home import Home, TwinError
from karst.twin.hosts import HOSTS_MAX, Hosts
from karst.twin.hosts_podman import Podman, lacking, twin_id
from karst.twin.hosts_seed import host_seats
from karst.twin.listener import Listener, listen
from karst.twin.network.make import network_of
from karst.twin.network.management import Management
from karst.twin.no_hosts import NoHosts
from karst.twin.site_services import SiteServices
from karst.twin.standing import with_standing
from karst.twin.store import Store
from karst.twin.supervisor import Supervisor
from karst.twin.time_sources import TimeSources
from karst.twin.ups import Upses
from karst.twin.ups_servers import UpsServers
from karst.twin.world import Credential, Timing, World

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; None where the workspace or PATH decides."""

    home: Home
    site: Path
    hardware: Path
    port: int | None = None
    prefix: IPv4Network | None = None
    halls: frozenset[str] = frozenset()  # empty: all
    bin_dir: Path | None = None
    control_plane: bool = True
    host_image: str | None = None  # podman's name of it; None: BMCs alone
    ssh_port: int | None = None
    timing: Timing = field(default_factory=Timing)


def run(options: Options) -> None:
    """Serve until SIGTERM, SIGINT or the control socket say otherwise.

    Raises SiteError, PlanError, TwinError, and OSError where the port is taken.
    """
    home = options.home
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with home.held():
        made = plan(load(options.site, options.hardware))
        planned = [each for each in devices(made, options.prefix) if _wanted(made, each, options.halls)]
        _raise_file_limit()
        store = Store(home.database)
        try:
            found = with_standing(planned, home.built, store, made.site.device_types, made.site.specs)
            cabling, faults = Cabling(home.cabling, found), Faults(home.faults)
            services = made.site.place.services
            world = World(
                *(found, store, cabling, faults, _credential(home, "factory"), options.timing),
                hardware=Hardware(home.hardware),
                time_sources=TimeSources(home.time_sources, {each.name: each.address for each in services.ntp}),
                upses=Upses(home.ups, made.site.power.ups),
            )
            world.hosts = _hosts(options, made, world)
            collector.relax()
            uvloop.run(_serve(options, made, world))
        finally:
            store.close()


def _wanted(made: Plan, device: Device, halls: frozenset[str]) -> bool:
    return not halls or made.racks[device.rack].hall in halls


async def _serve(options: Options, made: Plan, world: World) -> None:
    listening = listen(_port(options, "bmc"))
    port = listening.getsockname()[1]
    supervisor = Supervisor(_control_plane(options, made))
    about = {"pid": os.getpid(), "site": made.site.place.name, "plan": made.hash, "port": port}
    control = Control(options.home, world, supervisor, about)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, control.ending.set)
    await world.hosts.start(world.servers())
    world.resume()
    serving = loop.create_task(Listener(world, listening).run())
    try:
        supervisor.start()
        await control.start()
        log.info("serving %d BMCs of %s on port %d", len(world.bmcs), made.site.place.name, port)
        ending = loop.create_task(control.ending.wait())
        await asyncio.wait([ending, serving], return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        if serving.done():
            serving.result()
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await world.hosts.stop()
        await supervisor.stop()
        await control.stop()
        log.info("ended")


def _credential(home: Home, whose: str) -> Credential:
    try:
        found = json.loads(home.secrets.read_text())[whose]
        return Credential(found["user"], found["password"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise TwinError(f"{home.secrets} has no credential {whose!r}: {fault!r}") from None


def _told(made: Plan) -> dict[IPv4Address, tuple[str, ...]]:
    """Of which UPSes each NUT server tells."""
    upses = made.site.power.ups
    return {
        server.address: tuple(name for name, ups in upses.items() if ups.path == server.path)
        for server in made.site.place.services.ups_servers
    }


def _ports(options: Options) -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads(options.home.workspace.read_text())["ports"]
    except (OSError, ValueError, KeyError) as fault:
        raise TwinError(f"{options.home.workspace} names no ports: {fault!r}") from None
    return found


def _port(options: Options, name: str) -> int:
    return options.port if options.port is not None else _ports(options)[name]


def _control_plane(options: Options, made: Plan) -> ControlPlane | None:
    clusters = made.site.clusters.clusters
    if not options.control_plane or not clusters:
        return None
    bin_dir = options.bin_dir
    if bin_dir is None:
        etcd = shutil.which(BINARIES[0])
        if etcd is None:
            raise TwinError("etcd is not on PATH; `make tools` builds it, or leave it out with --no-control-plane")
        bin_dir = Path(etcd).parent
    ports = _ports(options)
    ours = Ports(**{name: ports[name] for name in Ports.__dataclass_fields__})
    # One control plane stands for all clusters of the site until hosts carry their own.
    services = next(iter(clusters.values())).services
    return ControlPlane(options.home.control_plane, bin_dir, ours, services)


def _hosts(options: Options, made: Plan, world: World) -> NoHosts:
    if options.host_image is None:
        return NoHosts("it was started without")
    seats = host_seats(made)
    if not seats:
        return NoHosts("the site's servers declare no image")
    if len(seats) > HOSTS_MAX:
        return NoHosts(f"{len(seats):,} servers declare an image, and a twin has at most {HOSTS_MAX} hosts")
    if lack := lacking(options.host_image):
        return NoHosts(lack)
    port = options.ssh_port if options.ssh_port is not None else _ports(options)["ssh"]
    images = frozenset(made.site.place.services.images.values())
    podman = Podman(twin_id(options.home), options.host_image)
    authority = SshAuthority.load_or_create(options.home.ssh)
    ups_servers = UpsServers(_told(made), world.ups_variables, _credential(options.home, "nut"))
    services = SiteServices(world.time_sources, ups_servers)
    addresses = (*world.time_sources.addresses, *ups_servers.addresses)
    management = Management(made.site.place.services.bastion.address, addresses)
    world.network = network_of(
        *(made, options.halls, world, podman, seats, management, authority, port, options.home.network)
    )
    return Hosts(podman, seats, images, authority, port, services, world.network)


def _raise_file_limit() -> None:
    """A connection a BMC and client: the usual 1,024 files are few."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
