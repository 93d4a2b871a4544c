"""What has to be seen, by plan and hardware spec: the other side of the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from karst.plan.model import Cord, Pdu, Plan, Rack, Server
from karst.plan.rack import rack as planned_rack
from karst.site.base import Hold, Status
from karst.site.hardware import DeviceType, RackPduSpec, ServerSpec
from karst.verify.limits import Limit, inlet_limit

# Those are not there, given up, or on their way out: nothing of them has to be in order.
NOT_LOOKED_AT = (Status.PLANNED, Status.FAILED, Status.DECOMMISSIONING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDevice:
    """What servers and rack PDUs have in common."""

    name: str
    status: Status
    hold: Hold | None
    firmware: Mapping[str, str]  # component -> oldest good version

    @property
    def looked_at(self) -> bool:
        """Whether it is visited at all."""
        return self.status not in NOT_LOOKED_AT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedServer(ExpectedDevice):
    """A server."""

    spec: ServerSpec
    ports: tuple[str, ...]  # power ports as the device type names them
    cords: tuple[Cord, ...]
    interfaces: Mapping[str, int]  # name -> Mbit/s, those of the BMC left out
    inlet: Limit
    image: str | None  # URL of its installer; None: others install it

    @property
    def has_host(self) -> bool:
        """Whether an operating system that Karst installed has to be there."""
        return self.image is not None and self.runs

    @property
    def runs(self) -> bool:
        """Whether it has to be on."""
        return self.status is Status.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPdu(ExpectedDevice):
    """A rack PDU."""

    spec: RackPduSpec
    path: str
    servers_on_branch: Mapping[str, tuple[str, ...]]  # branch -> servers with a cord there that are looked at
    planned_outlets: frozenset[str]  # those with a cord


@dataclass(frozen=True, slots=True)
class ExpectedRack:
    """A rack: as far as watts can be compared."""

    name: str
    servers: Mapping[str, ExpectedServer]
    pdus: Mapping[str, ExpectedPdu]


def expected_rack(plan: Plan, name: str) -> ExpectedRack:
    """Return what has to be seen in a rack. Raises KeyError for a name that the plan does not have."""
    rack = planned_rack(plan, name)
    servers = {server.name: _server(plan, server) for server in rack.servers.values()}
    pdus = {pdu.name: _pdu(plan, rack, pdu) for pdu in rack.pdus.values()}
    return ExpectedRack(name, MappingProxyType(servers), MappingProxyType(pdus))


def _server(plan: Plan, server: Server) -> ExpectedServer:
    device_type, spec = plan.site.device_types[server.device_type], plan.site.specs[server.device_type]
    if spec.server is None:
        raise ValueError(f"{server.device_type} is no server")
    return ExpectedServer(
        name=server.name,
        status=server.status,
        hold=server.hold,
        firmware=spec.firmware_minimum,
        spec=spec.server,
        ports=tuple(port.name for port in device_type.power_ports),
        cords=server.cords,
        interfaces=MappingProxyType(_interfaces(device_type)),
        inlet=inlet_limit(spec.server, plan.site.place.place),
        image=server.image,
    )


def _interfaces(device_type: DeviceType) -> dict[str, int]:
    """Speed by name. NetBox's words for types begin with the speed: `25gbase-x-sfp28`, `1000base-t`, `2.5gbase-t`."""
    found = {}
    for each in device_type.interfaces:
        if each.mgmt_only:
            continue
        speed = each.type.partition("base")[0]
        number, factor = (speed[:-1], 1000) if speed.endswith("g") else (speed, 1)
        try:
            found[each.name] = int(float(number) * factor)
        except ValueError:
            found[each.name] = 0  # a type that says nothing of speed (`virtual`, `lag`): any will do
    return found


def _pdu(plan: Plan, rack: Rack, pdu: Pdu) -> ExpectedPdu:
    spec = plan.site.specs[pdu.device_type]
    if spec.rack_pdu is None:
        raise ValueError(f"{pdu.device_type} is no rack PDU")
    here = [(server, cord) for server in rack.servers.values() for cord in server.cords if cord.pdu == pdu.name]
    return ExpectedPdu(
        name=pdu.name,
        status=pdu.status,
        hold=pdu.hold,
        firmware=spec.firmware_minimum,
        spec=spec.rack_pdu,
        path=pdu.path,
        servers_on_branch=MappingProxyType(
            {
                branch: tuple(
                    dict.fromkeys(
                        server.name
                        for server, cord in here
                        if cord.branch == branch and server.status not in NOT_LOOKED_AT
                    )
                )
                for branch in spec.rack_pdu.branches
            }
        ),
        planned_outlets=frozenset(cord.outlet for server, cord in here if server.status is not Status.PLANNED),
    )
