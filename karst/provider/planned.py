"""From the plan to a rack's arguments: what a program declares, and what a person at the command line acts on."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from karst.plan.endpoint import endpoint
from karst.plan.model import Pdu, Plan, Rack, Server
from karst.provider.model import Hold, PduArgs, RackArgs, ServerArgs
from karst.site.base import Status

_SSH_PORT = 22


@dataclass(frozen=True, slots=True)
class OutOfBandMap:
    """Where BMCs answer: at their planned addresses, or with `prefix` in the place of the site's own prefix."""

    site_prefix: IPv4Network
    prefix: IPv4Network | None
    port: int | None

    @staticmethod
    def of(plan: Plan, configured: Any) -> OutOfBandMap:
        """From a stack's `karst:out_of_band_map` (`{prefix, port}`), None for the planned addresses.

        Raises ValueError.
        """
        site_prefix = plan.site.network.prefixes.out_of_band
        if configured is None:
            return OutOfBandMap(site_prefix, None, None)
        if not isinstance(configured, dict) or configured.keys() - {"prefix", "port"} or "prefix" not in configured:
            raise ValueError(f"karst:out_of_band_map is {configured!r}; expected {{prefix: …, port: …}}")
        port = configured.get("port")
        return OutOfBandMap(site_prefix, IPv4Network(configured["prefix"]), None if port is None else int(port))

    def endpoint(self, address: IPv4Address) -> str:
        """The endpoint of the BMC at `address`. Raises ValueError."""
        return endpoint(address, self.site_prefix, self.prefix, self.port)


@dataclass(frozen=True, slots=True)
class HostMap:
    """Where hosts or switches answer by SSH: as planned, or with `prefix` in the place of the site's own."""

    site_prefix: IPv4Network
    prefix: IPv4Network
    port: int

    @staticmethod
    def of(plan: Plan, configured: Any) -> HostMap:
        """From a stack's `karst:host_map` (`{prefix, port}`), None for the planned addresses. Raises ValueError."""
        return HostMap._of("host_map", plan.site.network.prefixes.loopbacks, configured)

    @staticmethod
    def of_switches(plan: Plan, configured: Any) -> HostMap:
        """The same of a stack's `karst:switch_map`, for the addresses of switches out of band. Raises ValueError."""
        return HostMap._of("switch_map", plan.site.network.prefixes.switch_out_of_band, configured)

    @staticmethod
    def _of(key: str, site_prefix: IPv4Network, configured: Any) -> HostMap:
        if configured is None:
            return HostMap(site_prefix, site_prefix, _SSH_PORT)
        if not isinstance(configured, dict) or configured.keys() != {"prefix", "port"}:
            raise ValueError(f"karst:{key} is {configured!r}; expected {{prefix: …, port: …}}")
        prefix = IPv4Network(configured["prefix"])
        if prefix.prefixlen != site_prefix.prefixlen:
            raise ValueError(f"karst:{key} has the prefix {prefix}; expected one of length {site_prefix.prefixlen}")
        return HostMap(site_prefix, prefix, int(configured["port"]))

    def place(self, address: IPv4Address) -> str:
        """Address and port of the host or switch whose planned address this is."""
        offset = int(address) - int(self.site_prefix.network_address)
        return f"{self.prefix.network_address + offset}:{self.port}"


def rack_args(
    rack: Rack, credential_generation: int, out_of_band: OutOfBandMap, hosts: HostMap | None = None
) -> RackArgs:
    """A rack as declared; without `hosts` nothing is installed. Raises ValueError if an address cannot be mapped."""
    return RackArgs(
        name=rack.name,
        credential_generation=credential_generation,
        servers={name: server_args(server, out_of_band, hosts) for name, server in rack.servers.items()},
        pdus={name: PduArgs(**_device(pdu, out_of_band)) for name, pdu in rack.pdus.items()},
    )


def server_args(server: Server, out_of_band: OutOfBandMap, hosts: HostMap | None = None) -> ServerArgs:
    """A server as declared. Raises ValueError if its address cannot be mapped."""
    return ServerArgs(
        **_device(server, out_of_band),
        power="On" if server.status is Status.ACTIVE else "Off",
        asset_tag=server.name,
        settings=server.settings,
        branches=sorted(f"{cord.pdu}/{cord.branch}" for cord in server.cords),
        failure_domain=f"rack:{server.rack}",
        image=server.image if hosts else None,
        host=hosts.place(server.loopback) if hosts and server.image else None,
    )


def _device(device: Server | Pdu, out_of_band: OutOfBandMap) -> dict[str, Any]:
    asset, hold = device.asset, device.hold
    arguments: dict[str, Any] = {"endpoint": out_of_band.endpoint(device.out_of_band), "status": device.status}
    if hold:
        arguments["hold"] = Hold(who=hold.who, why=hold.why, until=hold.until.isoformat())
    if asset:
        arguments |= {
            "serial_number": asset.serial_number,
            "uuid": str(asset.uuid),
            "certificate_sha256": asset.certificate_sha256,
            "factory_credential": asset.factory_credential,
        }
    return arguments
