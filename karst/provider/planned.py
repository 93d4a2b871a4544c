"""From the plan to a rack's arguments: what a program declares, and what a person at the command line acts on."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from karst.plan.endpoint import endpoint
from karst.plan.model import Pdu, Plan, Rack, Server
from karst.provider.model import Hold, PduArgs, RackArgs, ServerArgs
from karst.site.base import Status


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


def rack_args(rack: Rack, credential_generation: int, out_of_band: OutOfBandMap) -> RackArgs:
    """A rack as declared. Raises ValueError if an address cannot be mapped."""
    return RackArgs(
        name=rack.name,
        credential_generation=credential_generation,
        servers={name: server_args(server, out_of_band) for name, server in rack.servers.items()},
        pdus={name: PduArgs(**_device(pdu, out_of_band)) for name, pdu in rack.pdus.items()},
    )


def server_args(server: Server, out_of_band: OutOfBandMap) -> ServerArgs:
    """A server as declared. Raises ValueError if its address cannot be mapped."""
    return ServerArgs(
        **_device(server, out_of_band),
        power="On" if server.status is Status.ACTIVE else "Off",
        asset_tag=server.name,
        settings=server.settings,
        branches=sorted(f"{cord.pdu}/{cord.branch}" for cord in server.cords),
        failure_domain=f"rack:{server.rack}",
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
