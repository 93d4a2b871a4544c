"""A device that the twin imitates, and how a plan becomes a list of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from karst.plan.model import Cord, Plan, Rack
from karst.plan.rack import rack as rack_of
from karst.site.base import Status
from karst.site.hardware import DeviceType, RackPduSpec, ServerSpec, SpecFile, SpecKind


@dataclass(frozen=True, slots=True)
class Device:
    """A server or rack PDU with a BMC. `address` is the loopback address that the twin serves it at."""

    name: str
    shape: str  # "fanjing", … see karst/twin/shapes
    address: str
    type: DeviceType
    spec: SpecFile
    rack: str
    cords: tuple[Cord, ...] = ()  # of a server, as planned
    path: str = ""  # of a rack PDU: the distribution path that feeds it

    @property
    def kind(self) -> SpecKind:
        """What the device is."""
        return self.spec.kind

    @property
    def server(self) -> ServerSpec:
        """The spec of a server; ValueError on a rack PDU."""
        if self.spec.server is None:
            raise ValueError(f"{self.name} is no server")
        return self.spec.server

    @property
    def rack_pdu(self) -> RackPduSpec:
        """The spec of a rack PDU; ValueError on a server."""
        if self.spec.rack_pdu is None:
            raise ValueError(f"{self.name} is no rack PDU")
        return self.spec.rack_pdu


def loopback(prefix: IPv4Network) -> IPv4Network:
    """Where a site's out-of-band prefix lies in the twin: 10.64.0.0/16 at 127.64.0.0/16."""
    last = int(prefix.network_address) & 0x00FFFFFF
    return IPv4Network((127 << 24 | last, prefix.prefixlen))


def shape_of(slug: str) -> str:
    """The shape of BMC that a device type has: its maker's."""
    return slug.split("-", 1)[0]


def devices(plan: Plan, served: IPv4Network | None = None) -> list[Device]:
    """Every delivered device of `plan`, racks in order. What is `planned` does not exist yet and is left out.

    `served` takes the place of the site's out-of-band prefix; its loopback counterpart unless given.
    """
    site = plan.site
    planned = site.network.prefixes.out_of_band
    offset = int((served or loopback(planned)).network_address) - int(planned.network_address)

    def at(address: IPv4Address) -> str:
        return str(IPv4Address(int(address) + offset))

    def made(
        rack: Rack, name: str, slug: str, address: IPv4Address, cords: tuple[Cord, ...] = (), path: str = ""
    ) -> Device:
        kind, spec = site.device_types[slug], site.specs[slug]
        return Device(name, shape_of(slug), at(address), kind, spec, rack.name, cords, path)

    found: list[Device] = []
    for name in plan.racks:
        rack = rack_of(plan, name)
        for pdu in rack.pdus.values():
            if pdu.status is not Status.PLANNED:
                found.append(made(rack, pdu.name, pdu.device_type, pdu.out_of_band, path=pdu.path))
        for server in rack.servers.values():
            if server.status is not Status.PLANNED:
                found.append(made(rack, server.name, server.device_type, server.out_of_band, server.cords))
    return found


def by_name(found: list[Device]) -> Mapping[str, Device]:
    """The devices by name; ValueError if a name or an address appears twice."""
    named = {device.name: device for device in found}
    if len(named) != len(found) or len({device.address for device in found}) != len(found):
        raise ValueError("two devices share a name or an address")
    return named
