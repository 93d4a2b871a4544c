"""The layer `metal`: a hall's racks, with the BMC of each server and rack PDU in them, as Redfish reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from karst.plan.model import Plan
from karst.plan.model import Rack as PlannedRack
from karst.plan.rack import rack as planned_rack
from karst.provider.hall import Hall, HallArgs
from karst.provider.planned import HostMap, OutOfBandMap, rack_args
from karst.provider.provider import Provider, ProviderArgs
from karst.provider.rack import Rack
from karst.site.base import Status


def declare(plan: Plan, config: pulumi.Config) -> Mapping[str, Any]:
    """Declare the hall that `karst:hall` names; returns what to export. Raises pulumi.RunError."""
    hall = config.require("hall")
    if hall not in plan.site.spaces.halls:
        raise pulumi.RunError(
            f"karst:hall is {hall!r}; the site's halls are {', '.join(sorted(plan.site.spaces.halls))}"
        )
    planned = [planned_rack(plan, name) for name, seat in plan.racks.items() if seat.hall == hall]
    provider = _provider(plan, config)
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
    try:
        out_of_band = OutOfBandMap.of(plan, config.get_object("out_of_band_map"))
        # Others may install the hosts; a twin may have none.
        installs = config.get_bool("install", default=True)
        hosts = HostMap.of(plan, config.get_object("host_map")) if installs else None
        arguments = [rack_args(rack, generation, out_of_band, hosts) for rack in planned]
    except ValueError as fault:
        raise pulumi.RunError(str(fault)) from None
    return _outputs(planned, [Rack(each.name, each, options) for each in arguments])


def _provider(plan: Plan, config: pulumi.Config) -> Provider:
    return Provider(
        "karst",
        ProviderArgs(
            credentials=config.require_secret_object("credentials"),
            credential_generation=config.get_int("credential_generation", default=1),
            factory_credentials=config.require_secret_object("factory_credentials"),
            ca_certificate=config.require("ca_certificate"),
            ca_key=config.require_secret("ca_key"),
            allow_reset=config.get_object("allow_reset", default=[]),
            allow_reinstall=config.get_object("allow_reinstall", default=[]),
            ssh_ca=config.get("ssh_ca"),
            allow_destroy=config.get_bool("allow_destroy", default=False),
            certificate_days=plan.site.place.services.certificate_authority.certificate_days,
            concurrency=config.get_int("concurrency"),
            timeout_s=config.get_float("timeout_s"),
        ),
    )


def _active(rack: PlannedRack) -> int:
    return sum(server.status is Status.ACTIVE for server in rack.servers.values())


def _outputs(planned: list[PlannedRack], racks: list[Rack]) -> dict[str, Any]:
    return {
        "racks": len(planned),
        "servers": sum(len(rack.servers) for rack in planned),
        "pdus": sum(len(rack.pdus) for rack in planned),
        "servers_on": pulumi.Output.all(*(rack.servers_on for rack in racks)).apply(lambda counts: sum(counts)),
        "reset_pending": _joined([rack.reset_pending for rack in racks]),
        "reinstall_pending": _joined([rack.reinstall_pending for rack in racks]),
        "held": _joined([rack.held for rack in racks]),
        "failed": pulumi.Output.all(*(rack.failed for rack in racks)).apply(
            lambda every: {device: why for failed in every for device, why in sorted((failed or {}).items())}
        ),
    }


def _joined(lists: list[Any]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*lists).apply(lambda every: sorted(name for names in every for name in names or ()))
