"""The layer `metal`: a hall's racks, with the BMC of each server and rack PDU in them, as Redfish reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

import pulumi

from karst.plan.endpoint import endpoint
from karst.plan.model import Pdu, Plan, Server
from karst.plan.model import Rack as PlannedRack
from karst.plan.rack import rack as planned_rack
from karst.provider.hall import Hall, HallArgs
from karst.provider.provider import Provider, ProviderArgs
from karst.provider.rack import Hold, PduArgs, Rack, RackArgs, ServerArgs
from karst.site.base import Status


def declare(plan: Plan, config: pulumi.Config) -> Mapping[str, Any]:
    """Declare the hall that the stack's `karst:hall` names; returns the stack's outputs. Raises ValueError."""
    hall = config.require("hall")
    if hall not in plan.site.spaces.halls:
        raise ValueError(f"karst:hall is {hall!r}; the site's halls are {', '.join(sorted(plan.site.spaces.halls))}")
    planned = [planned_rack(plan, name) for name, seat in plan.racks.items() if seat.hall == hall]
    provider = _provider(config)
    # Protected unless the stack says otherwise, which only a twin's does.
    protect = config.get_bool("protect", default=True)
    # First, and its check with it: a rack that vanished with active servers stops the run before any rack is touched.
    guard = Hall(
        hall,
        HallArgs(name=hall, racks={rack.name: _active(rack) for rack in planned}),
        pulumi.ResourceOptions(provider=provider, protect=protect),
    )
    options = pulumi.ResourceOptions(provider=provider, protect=protect, depends_on=[guard])
    generation = config.get_int("credential_generation", default=1)
    endpoints = _Endpoints(plan, config)
    racks = [
        Rack(
            rack.name,
            RackArgs(
                name=rack.name,
                credential_generation=generation,
                servers={name: _server(server, endpoints) for name, server in rack.servers.items()},
                pdus={name: _pdu(pdu, endpoints) for name, pdu in rack.pdus.items()},
            ),
            options,
        )
        for rack in planned
    ]
    return _outputs(planned, racks)


def _provider(config: pulumi.Config) -> Provider:
    return Provider(
        "karst",
        ProviderArgs(
            credentials=config.require_secret_object("credentials"),
            credential_generation=config.get_int("credential_generation", default=1),
            factory_credentials=config.require_secret_object("factory_credentials"),
            ca_certificate=config.require("ca_certificate"),
            ca_key=config.require_secret("ca_key"),
            allow_reset=config.get_object("allow_reset", default=[]),
            allow_destroy=config.get_bool("allow_destroy", default=False),
            concurrency=config.get_int("concurrency"),
            timeout_s=config.get_float("timeout_s"),
        ),
    )


class _Endpoints:
    """Where BMCs answer: at their planned addresses, or where the stack's `karst:out_of_band_map` maps them."""

    def __init__(self, plan: Plan, config: pulumi.Config) -> None:
        self._site_prefix = plan.site.network.prefixes.out_of_band
        mapped = config.get_object("out_of_band_map") or {}
        self._prefix = IPv4Network(mapped["prefix"]) if mapped else None
        self._port = int(mapped["port"]) if mapped else None

    def of(self, device: Server | Pdu) -> str:
        """The device's endpoint."""
        return endpoint(device.out_of_band, self._site_prefix, self._prefix, self._port)


def _server(server: Server, endpoints: _Endpoints) -> ServerArgs:
    return ServerArgs(
        **_device(server, endpoints),
        power="On" if server.status is Status.ACTIVE else "Off",
        asset_tag=server.name,
        settings=server.settings,
        branches=sorted(f"{cord.pdu}/{cord.branch}" for cord in server.cords),
        failure_domain=f"rack:{server.rack}",
    )


def _pdu(pdu: Pdu, endpoints: _Endpoints) -> PduArgs:
    return PduArgs(**_device(pdu, endpoints))


def _device(device: Server | Pdu, endpoints: _Endpoints) -> dict[str, Any]:
    asset, hold = device.asset, device.hold
    arguments: dict[str, Any] = {"endpoint": endpoints.of(device), "status": device.status}
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


def _active(rack: PlannedRack) -> int:
    return sum(server.status is Status.ACTIVE for server in rack.servers.values())


def _outputs(planned: list[PlannedRack], racks: list[Rack]) -> dict[str, Any]:
    return {
        "racks": len(planned),
        "servers": sum(len(rack.servers) for rack in planned),
        "pdus": sum(len(rack.pdus) for rack in planned),
        "servers_on": pulumi.Output.all(*(rack.servers_on for rack in racks)).apply(lambda counts: sum(counts)),
        "reset_pending": _joined([rack.reset_pending for rack in racks]),
        "held": _joined([rack.held for rack in racks]),
        "failed": pulumi.Output.all(*(rack.failed for rack in racks)).apply(
            lambda every: {device: why for failed in every for device, why in sorted((failed or {}).items())}
        ),
    }


def _joined(lists: list[Any]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*lists).apply(lambda every: sorted(name for names in every for name in names or ()))
