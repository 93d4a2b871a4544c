"""Who has power and how much of it flows, by the as-built cabling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from karst.site.hardware import SpecKind
from karst.twin import power
from karst.twin.cabling import Cabling
from karst.twin.state import Outlets, Power

if TYPE_CHECKING:
    from karst.twin.world import World

# What a BMC and the fans' standby take from a server's PSUs while the server is off.
STANDBY_W = 12.0


@lru_cache(maxsize=65536)
def _diligence(server: str, turn: int) -> float:
    """How much more or less than the mean a server works, 0.25 to 1.75: servers of a hall are not loaded alike.

    From the name and the turn alone, so that each run is the same. The word before it is one by which the servers of
    each rack of the lab differ by more than two meters of the same watts do, until loads move.
    """
    seed = f"karst twin use/{server}" + (f"/{turn}" if turn else "")
    drawn = int.from_bytes(sha256(seed.encode()).digest()[:4], "big")
    return 0.25 + 1.5 * drawn / 0xFFFFFFFF


@dataclass(slots=True)
class Meter:
    """Energy through an outlet since the twin started."""

    watts: float = 0.0
    since: float = 0.0
    kwh: float = 0.0

    def read(self, now: float) -> float:
        """Energy in kWh."""
        return self.kwh + self.watts * (now - self.since) / 3.6e6


class Electrics:
    """Loads follow from power states; nothing is simulated between changes."""

    def __init__(self, world: World, cabling: Cabling, dead_feeds: Iterable[str] = ()) -> None:
        self._world = world
        self.cabling = cabling
        self.dead_feeds = set(dead_feeds)  # paths ("A") or rack PDUs
        self._turn = 0  # of loads; each turn every server has another
        self._meters: dict[tuple[str, str], Meter] = {}
        self._branch: dict[tuple[str, str], str] = {}
        self.outlets: dict[str, frozenset[str]] = {}
        for bmc in world.bmcs.values():
            if bmc.device.kind is SpecKind.RACK_PDU:
                for name, branch in bmc.device.rack_pdu.branches.items():
                    self._branch.update({(bmc.name, outlet): name for outlet in branch.outlets})
                self.outlets[bmc.name] = frozenset(
                    outlet for branch in bmc.device.rack_pdu.branches.values() for outlet in branch.outlets
                )
        self.rewire()

    def rewire(self) -> None:
        """Take over a changed cabling."""
        self._port: dict[tuple[str, str], tuple[str, str]] = {
            end: (server, port) for server, ends in self.cabling.cords.items() for port, end in ends.items()
        }

    def mains(self, pdu: str) -> bool:
        """Whether the feed of the rack PDU is alive."""
        return pdu not in self.dead_feeds and self._world.bmcs[pdu].device.path not in self.dead_feeds

    def breaker(self, pdu: str, branch: str) -> str:
        """BreakerState of a branch: Normal, Tripped or Off."""
        bmc = self._world.bmcs[pdu]
        if not bmc.has(Outlets):
            return "Normal"
        state = bmc.get(Outlets)
        return "Tripped" if branch in state.tripped else "Off" if branch in state.opened else "Normal"

    def outlet_on(self, pdu: str, outlet: str) -> bool:
        """Whether the outlet's own switch is closed."""
        bmc = self._world.bmcs[pdu]
        return not bmc.has(Outlets) or outlet not in bmc.get(Outlets).off

    def live(self, pdu: str, outlet: str) -> bool:
        """Whether voltage stands at the outlet."""
        return (
            pdu in self._world.bmcs
            and self.mains(pdu)
            and self.breaker(pdu, self._branch[pdu, outlet]) == "Normal"
            and self.outlet_on(pdu, outlet)
        )

    def inputs(self, server: str) -> dict[str, bool]:
        """Power port -> whether it gets power. A port without a cord gets none, nor one without its supply."""
        cords = self.cabling.cords.get(server, {})
        bmc = self._world.bmcs[server]
        absent = bmc.defects.supplies_absent
        return {
            port.name: port.name in cords and port.name not in absent and self.live(*cords[port.name])
            for port in bmc.device.type.power_ports
        }

    def alive(self, device: str) -> bool:
        """Whether the device's controller has power."""
        if device in self.outlets:
            return self.mains(device)
        return any(self.inputs(device).values())

    def server_w(self, server: str) -> float:
        """What the server takes in all."""
        bmc = self._world.bmcs[server]
        if not self.alive(server):
            return 0.0
        if bmc.get(Power).state not in ("On", "PoweringOn"):
            return STANDBY_W
        spec = bmc.device.server
        return spec.idle_w + self._world.utilisation * _diligence(server, self._turn) * (spec.budget_w - spec.idle_w)

    def port_w(self, server: str) -> dict[str, float]:
        """Power port -> W; the ports that live share evenly."""
        inputs = self.inputs(server)
        share = self.server_w(server) / max(1, sum(inputs.values()))
        return {port: share if live else 0.0 for port, live in inputs.items()}

    def outlet_w(self, pdu: str, outlet: str) -> float:
        """What the outlet gives."""
        end = self._port.get((pdu, outlet))
        return self.port_w(end[0]).get(end[1], 0.0) if end else 0.0

    def branch_w(self, pdu: str, branch: str) -> float:
        """What the branch gives."""
        return sum(self.outlet_w(pdu, outlet) for outlet in self.branch_outlets(pdu, branch))

    def branch_outlets(self, pdu: str, branch: str) -> tuple[str, ...]:
        """The outlets behind a breaker."""
        return self._world.bmcs[pdu].device.rack_pdu.branches[branch].outlets

    def phase_w(self, pdu: str) -> list[float]:
        """What each phase of the input gives; branches take the phases in turn, as the device types have it."""
        spec = self._world.bmcs[pdu].device.rack_pdu
        watts = [0.0] * spec.phases
        for index, branch in enumerate(spec.branches):
            watts[index % spec.phases] += self.branch_w(pdu, branch)
        return watts

    def pdu_w(self, pdu: str) -> float:
        """What the whole rack PDU gives."""
        return sum(self.phase_w(pdu))

    def pdu_kwh(self, pdu: str) -> float:
        """Energy through the whole rack PDU since the twin started."""
        return sum(self.outlet_kwh(pdu, outlet) for outlet in self.outlets[pdu])

    def fed_by(self, pdu: str, outlets: Iterable[str]) -> list[str]:
        """The servers with a cord in one of the outlets."""
        ends = (self._port.get((pdu, outlet)) for outlet in outlets)
        return [end[0] for end in ends if end]

    def outlet_kwh(self, pdu: str, outlet: str) -> float:
        """Energy through the outlet since the twin started."""
        meter = self._meters.get((pdu, outlet))
        return meter.read(self._world.now()) if meter else 0.0

    def settle(self, servers: Iterable[str]) -> None:
        """Carry a change through until nothing follows from it: servers lose or regain power, breakers trip."""
        queue = set(servers)
        while queue:
            server = queue.pop()
            lit = self.alive(server)
            bmc = self._world.bmcs[server]
            if lit != bmc.get(Power).lit:
                (power.restored if lit else power.lost)(bmc)
            self._measure(server)
            for pdu, outlet in self.cabling.cords.get(server, {}).values():
                if pdu in self.outlets:
                    queue |= self._protect(pdu, self._branch[pdu, outlet])

    def move_loads(self) -> None:
        """Give every server another load."""
        self._turn += 1
        self.settle_all()

    def settle_all(self) -> None:
        """`settle` every server."""
        self.settle(bmc.name for bmc in self._world.servers())

    def _measure(self, server: str) -> None:
        now = self._world.now()
        watts = self.port_w(server)
        for port, end in self.cabling.cords.get(server, {}).items():
            meter = self._meters.setdefault(end, Meter(since=now))
            meter.kwh, meter.since, meter.watts = meter.read(now), now, watts.get(port, 0.0)

    def _protect(self, pdu: str, branch: str) -> set[str]:
        """Trip the breaker if it carries more than its rating; the servers that this touches."""
        spec = self._world.bmcs[pdu].device.rack_pdu
        if self.breaker(pdu, branch) != "Normal":
            return set()
        if self.branch_w(pdu, branch) / spec.voltage_v <= spec.branches[branch].rating_a:
            return set()
        bmc = self._world.bmcs[pdu]
        state = bmc.get(Outlets)
        state.tripped.append(branch)
        bmc.changed(state)
        bmc.log(f"The breaker of branch {branch} tripped.", "Power.1.0.BreakerTripped", "Critical")
        return set(self.fed_by(pdu, self.branch_outlets(pdu, branch)))
