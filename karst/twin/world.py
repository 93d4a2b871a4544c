"""All BMCs of the twin and what they share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson

from karst.site.hardware import SpecKind
from karst.twin import operations, outlets, power
from karst.twin.bmc import Bmc
from karst.twin.cabling import Cabling
from karst.twin.device import Device, by_name
from karst.twin.electrics import Electrics
from karst.twin.faults import Faults
from karst.twin.hardware import Hardware
from karst.twin.network.no_network import NoNetwork
from karst.twin.no_hosts import NoHosts
from karst.twin.shapes import SHAPES
from karst.twin.state import Outlets, Power, Tasks
from karst.twin.store import Store
from karst.twin.time_sources import TimeSources
from karst.twin.tree import Tree
from karst.twin.ups import Upses

_FEEDS = ("", "feeds")  # a row of the store that belongs to no device


def parts(bmc: Bmc) -> dict[str, list[str]]:
    """What `karst twin hardware` may name in a server, by the key of Defects."""
    spec = bmc.device.server
    memory = [f"DIMM{index}" for index in range(1, spec.memory_modules + 1)]
    return {
        "supplies_absent": [port.name for port in bmc.device.type.power_ports],
        "fans_dead": [f"Fan{index}" for index in range(1, spec.fans + 1)],
        "memory_absent": memory,
        "memory_without_ecc": memory,
        "drives_failed": [f"Disk{index}" for index in range(1, spec.drives + 1)],
        "links_down": list(bmc.shape.nic_ids),
        "firmware": ["BMC", "BIOS"],
    }


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take, in seconds."""

    power_on_s: float = 2.0
    shutdown_s: float = 1.0
    cycle_s: float = 0.5
    task_s: float = 0.3
    bmc_start_s: float = 1.0
    install_s: float = 3.0
    load_s: float = 0.0  # how long loads stay as they are; 0: for ever


@dataclass(frozen=True, slots=True)
class Credential:
    """A user and a password."""

    user: str
    password: str


class World:
    """Everything happens in one event loop, a request or a timer at a time: changes are atomic."""

    def __init__(
        self,
        devices: list[Device],
        store: Store,
        cabling: Cabling,
        faults: Faults,
        factory: Credential,
        timing: Timing | None = None,
        utilisation: float = 0.4,
        *,
        hardware: Hardware,
        time_sources: TimeSources,
        upses: Upses,
    ) -> None:
        self.store = store
        self.faults = faults
        self.hardware = hardware
        self.time_sources = time_sources
        self.upses = upses
        self.factory = factory
        self.timing = timing or Timing()
        self.hosts = NoHosts()  # or others, before anything starts
        self.network = NoNetwork()  # the same
        self.utilisation = utilisation  # of the span between a server's idle and budgeted power
        self._trees: dict[tuple[str, str], Tree] = {}
        stored = store.load()
        self.bmcs = {
            name: Bmc(device, self._tree(device), self, stored.pop(name, {}))
            for name, device in by_name(devices).items()
        }
        feeds = stored.get(_FEEDS[0], {}).get(_FEEDS[1], b"[]")
        self.electrics = Electrics(self, cabling, orjson.loads(feeds))
        self.readdress()

    def _tree(self, device: Device) -> Tree:
        """One tree serves all devices of a type."""
        key = (device.shape, device.type.slug)
        if key not in self._trees:
            if device.shape not in SHAPES:
                raise ValueError(f"{device.name}: there is no shape {device.shape}; there are {', '.join(SHAPES)}")
            self._trees[key] = Tree(SHAPES[device.shape], device.type, device.spec)
        return self._trees[key]

    def readdress(self) -> None:
        """Take over changed addresses."""
        self.by_address: dict[str, Bmc] = {
            address: self.bmcs[name] for name, address in self.electrics.cabling.addresses.items() if name in self.bmcs
        }

    def resume(self) -> None:
        """Complete what was under way when the twin last ended. Needs a running loop."""
        for bmc in self.bmcs.values():
            if bmc.has(Power):
                power.due(bmc)
            if bmc.has(Tasks):
                operations.resume(bmc)
            if bmc.has(Outlets):
                outlets.resume(bmc)
        self.upses.watch(self.feed)
        self.electrics.settle_all()
        self.store.flush()
        if self.timing.load_s:
            asyncio.get_running_loop().call_later(self.timing.load_s, self._move_loads)

    def _move_loads(self) -> None:
        self.electrics.move_loads()
        self.store.flush()
        asyncio.get_running_loop().call_later(self.timing.load_s, self._move_loads)

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def later(self, seconds: float, what: Callable[[Bmc], None], bmc: Bmc) -> None:
        """Call `what` after a while and keep what it changed."""
        asyncio.get_running_loop().call_later(seconds, self._run, what, bmc)

    def _run(self, what: Callable[[Bmc], None], bmc: Bmc) -> None:
        what(bmc)
        self.store.flush()

    def feed(self, name: str, alive: bool) -> None:
        """Lose or restore a distribution path ("A") or the feed of one rack PDU."""
        paths = {bmc.device.path for bmc in self.bmcs.values() if bmc.device.kind is SpecKind.RACK_PDU}
        if name not in paths and name not in self.electrics.outlets:
            raise ValueError(f"there is no path or rack PDU {name}")
        before = set(self.electrics.dead_feeds)
        (before.discard if alive else before.add)(name)
        self.electrics.dead_feeds = before
        self.store.put(*_FEEDS, orjson.dumps(sorted(before)))
        self.electrics.settle_all()
        self.network.settle()
        self.store.flush()

    def change_upses(self, change: bytes) -> None:
        """Break the feed of UPSes, or mend it; see Upses.change."""
        self.upses.change(change, self.feed)

    def ups_variables(self, name: str) -> dict[str, str]:
        """What NUT says of a UPS; see Upses.variables."""
        path = self.upses.planned[name].path
        racks = (
            bmc.name for bmc in self.bmcs.values() if bmc.device.kind is SpecKind.RACK_PDU and bmc.device.path == path
        )
        return self.upses.variables(name, sum(map(self.electrics.pdu_w, racks)))

    def rewire(self, change: bytes) -> None:
        """Change the as-built cabling; see Cabling.change."""
        ports = {bmc.name: [port.name for port in bmc.device.type.power_ports] for bmc in self.servers()}
        self.electrics.cabling.change(change, ports, self.electrics.outlets)
        self.electrics.rewire()
        self.readdress()
        self.electrics.settle_all()
        self.store.flush()

    def change_hardware(self, change: bytes) -> None:
        """Break hardware, or mend it; see Hardware.change."""
        changed = self.hardware.change(change, {bmc.name: parts(bmc) for bmc in self.servers()})
        self.electrics.settle(changed)
        self.store.flush()

    def servers(self) -> Iterable[Bmc]:
        """BMCs of servers."""
        return (bmc for bmc in self.bmcs.values() if bmc.device.kind is SpecKind.SERVER)
