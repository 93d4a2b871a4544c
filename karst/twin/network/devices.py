"""The devices of the twin's network that are no servers: what they are, what they are fed by, what they start with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from karst.plan.network.cables import carrying
from karst.plan.network.fabric import Fabric
from karst.plan.network.model import Cable, NeighbourRole, Node
from karst.plan.network.nodes import node
from karst.ssh_ca import SshAuthority
from karst.twin.device import loopback
from karst.twin.fabric import carriers
from karst.twin.hosts_seed import HostSeat, archive, seed

# What a switch of a Karst site leaves the factory with.
SYSTEM = "factory"

_WANTS = "[Unit]\nWants=frr.service lldpd.service\n"
_DAEMONS = """\
bgpd=yes
bfdd=yes
vtysh_enable=yes
zebra_options="  -A 127.0.0.1 -s 90000000"
bgpd_options="   -A 127.0.0.1"
bfdd_options="   -A 127.0.0.1"
staticd_options="-A 127.0.0.1"
frr_profile="datacenter"
"""
_LLDPD = """\
configure system hostname {name}
configure lldp portidsubtype ifname
configure system interface pattern swp*
configure lldp tx-interval 10
configure lldp tx-hold 3
"""
_SYSCTL = """\
net.ipv4.ip_forward = 1
net.ipv6.conf.all.forwarding = 1
net.ipv4.fib_multipath_hash_policy = 1
net.ipv4.conf.all.ignore_routes_with_linkdown = 1
net.ipv4.conf.default.ignore_routes_with_linkdown = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.default.rp_filter = 0
net.ipv6.conf.default.accept_dad = 0
"""
# Beyond a carrier is whatever this machine reaches: its package mirror, the site's services.
_WORLD = """\
table ip world {
  chain out { type nat hook postrouting priority srcnat; oifname "mgmt0" masquerade; }
}
"""


@dataclass(frozen=True, slots=True)
class NetworkDevice:
    """A switch or a carrier. `rack` and `path`: whose rack PDU feeds it; None: nothing of the twin does."""

    name: str
    role: NeighbourRole
    seat: HostSeat | None  # None: a carrier, which is nobody's to log in to
    text: str  # what its FRR starts with
    rack: str | None = None
    path: str | None = None


def network_devices(made: Fabric, halls: frozenset[str] = frozenset()) -> dict[str, NetworkDevice]:
    """Return leaves of some halls, or of all if none is given, spines, borders and carriers by name."""
    site, prefix = made.plan.site, made.plan.site.network.prefixes.switch_out_of_band
    found = {
        switch.name: NetworkDevice(
            switch.name,
            NeighbourRole(switch.role.value),
            HostSeat(switch.name, site.network.domain, switch.out_of_band, _answers(switch.out_of_band, prefix)),
            f"frr defaults datacenter\nhostname {switch.name}\nservice integrated-vtysh-config\n",
            switch.rack,
            switch.path,
        )
        for switch in made.switches_of(halls)
    }
    for carrier in carriers.carriers(_borders(made)):
        found[carrier.name] = NetworkDevice(carrier.name, NeighbourRole.CARRIER, None, carriers.text(carrier))
    return found


def switch_seats(made: Fabric) -> dict[str, HostSeat]:
    """Return how each switch that routes is reached, by name."""
    return {name: device.seat for name, device in network_devices(made).items() if device.seat is not None}


def planned_cables(made: Fabric, devices: Mapping[str, NetworkDevice], hosts: Mapping[str, HostSeat]) -> list[Cable]:
    """Return the cables between devices that the twin has."""
    here = {*devices, *hosts}
    return [cable for cable in carrying(made) if {cable.a.device, cable.b.device} <= here]


def files(device: NetworkDevice, authority: SshAuthority) -> bytes:
    """Return the archive that makes a container of the host image this device."""
    own = {
        "etc/frr/daemons": (_DAEMONS, 0o640),
        "etc/frr/frr.conf": (device.text, 0o640),
        "etc/frr/vtysh.conf": ("service integrated-vtysh-config\n", 0o640),
        "etc/lldpd.d/twin.conf": (_LLDPD.format(name=device.name), 0o644),
        "etc/sysctl.d/60-twin.conf": (_SYSCTL, 0o644),
        "etc/systemd/system/multi-user.target.d/network.conf": (_WANTS, 0o644),
    }
    if device.seat is not None:
        return seed(device.seat, SYSTEM, authority, own)
    wants = "[Unit]\nWants=frr.service nftables.service\n"
    carrier = {
        "etc/nftables.conf": (_WORLD, 0o644),
        "etc/systemd/system/multi-user.target.d/network.conf": (wants, 0o644),
    }
    return archive(own | carrier)


def _borders(made: Fabric) -> dict[str, Node]:
    return {border.name: node(made, border.name) for border in made.borders}


def _answers(address: IPv4Address, prefix: IPv4Network) -> str:
    """Return where in 127.0.0.0/8 the twin lets a management address answer."""
    offset = int(loopback(prefix).network_address) - int(prefix.network_address)
    return str(IPv4Address(int(address) + offset))


def carriers_of_entrance(made: Fabric, entrance: str) -> Iterator[str]:
    """Yield what is lost with an entrance: its carriers, and the borders that have no others."""
    lost = {name for name, carrier in made.plan.site.network.carriers.items() if carrier.entrance == entrance}
    yield from sorted(lost)
    yield from (border for border, ends in made.carriers.items() if ends and set(ends) <= lost)
