"""The network of a twin, from its plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from karst.plan.model import Plan
from karst.plan.network.fabric import fabric
from karst.plan.network.nodes import node
from karst.site.hardware import SpecKind
from karst.ssh_ca import SshAuthority
from karst.twin.hosts_podman import Podman
from karst.twin.hosts_seed import HostSeat
from karst.twin.network.built import Built
from karst.twin.network.devices import NetworkDevice, network_devices, planned_cables
from karst.twin.network.management import Management
from karst.twin.network.network import Network
from karst.twin.network.no_network import NoNetwork
from karst.twin.world import World

# Four daemons, a systemd and an sshd each; 40 of them with BFD take two cores (docs/network.md).
DEVICES_MAX = 40


def network_of(
    plan: Plan,
    halls: frozenset[str],
    world: World,
    podman: Podman,
    hosts: Mapping[str, HostSeat],
    management: Management,
    authority: SshAuthority,
    port: int,
    file: Path,
) -> NoNetwork:
    """Return the network of some halls, or all if none is given; nothing of it is started yet.

    Raises ValueError for a file of faults that is none.
    """
    made = fabric(plan)
    devices = network_devices(made, halls)
    if len(devices) > DEVICES_MAX:
        return NoNetwork(f"the site has {len(devices)} switches and carriers, and a twin at most {DEVICES_MAX}")
    cables = planned_cables(made, devices, hosts)
    routing = [name for name, device in devices.items() if device.seat is not None]
    nodes = {name: node(made, name) for name in (*routing, *hosts)}
    carriers = [name for name in devices if name not in nodes]

    def has_power(device: NetworkDevice) -> bool:
        fed_by = [
            bmc.name
            for bmc in world.bmcs.values()
            if bmc.device.kind is SpecKind.RACK_PDU and (bmc.device.rack, bmc.device.path) == (device.rack, device.path)
        ]
        return not fed_by or any(map(world.electrics.mains, fed_by))

    built = Built(file, cables, devices, carriers)
    return Network(podman, devices, nodes, built, management, authority, port, has_power)
