"""The variables of hosts and of their groups, as plain data. docs/inventory.md lists them all.

None is called `serial`: Ansible keeps that word for itself, warns of it for each host, and is half as fast with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from karst.inventory.model import Answering, Host, Inventory
from karst.inventory.network import links
from karst.plan.endpoint import endpoint, mapped
from karst.plan.model import Plan, RackSeat, Row, Server
from karst.plan.rack import server_at
from karst.site.place import Endpoint
from karst.site.spaces import Hall
from karst.verify.limits import inlet_limit


def site_variables(plan: Plan) -> dict[str, Any]:
    """Return what holds for every host of a site. The names are those of `site.yml`."""
    place, services = plan.site.place, plan.site.place.services
    prefixes = plan.site.network.prefixes
    return {
        "site": place.name,
        "plan_hash": plan.hash,
        "domain": plan.site.network.domain,
        "time_zone": place.time_zone,
        "altitude_m": place.place.altitude_m,
        "air_pressure_kpa": place.place.air_pressure_kpa,
        "ntp": [_service(each) for each in services.ntp],
        "dns": [_service(each) for each in services.dns],
        "log_collectors": [_service(each) for each in services.log_collectors],
        "ups_servers": [{**_service(each), "path": each.path} for each in services.ups_servers],
        "package_mirror": services.package_mirror,
        "bastion": _service(services.bastion),
        "fabric_prefixes": [str(each) for each in (prefixes.loopbacks, prefixes.switch_loopbacks)],
    }


def control_plane_variables(plan: Plan, cluster: str) -> dict[str, Any]:
    """Return what holds for every member of a control plane."""
    return {"control_plane_members": list(plan.site.allocations.control_plane[cluster])}


def row_variables(row: Row, hall: Hall, tenants: Sequence[str]) -> dict[str, Any]:
    """Return what holds for every host of a row; `tenants` are those of its cluster."""
    return {
        "row": row.name,
        "hall": row.hall,
        "fire_compartment": hall.fire_compartment,
        "cavern": hall.cavern,
        "cooling_zone": row.cooling_zone,
        "cluster": row.cluster,
        "tenants": list(tenants),
    }


def rack_variables(seat: RackSeat) -> dict[str, Any]:
    """Return what holds for every host of a rack."""
    return {"rack": seat.name, "position": seat.position, "as_number": seat.as_number}


def host_variables(found: Inventory, host: Host) -> dict[str, Any]:
    """Return a host's own variables."""
    plan = found.plan
    server = server_at(plan, host.seat, host.server)
    prefixes = plan.site.network.prefixes
    bmcs = found.answering.bmcs
    return {
        **reached(server, plan, found.answering),
        "loopback": str(server.loopback),
        "out_of_band": str(server.out_of_band),
        "bmc": endpoint(server.out_of_band, prefixes.out_of_band, bmcs.prefix, bmcs.port),
        "links": links(found.fabric, server.name),
        "flows": found.flows.of(server),
        "u": server.u,
        "height_u": server.height_u,
        "device_type": server.device_type,
        "role": server.role.value,
        "status": server.status.value,
        "image": server.image,
        "hold": server.hold.model_dump(mode="json") if server.hold else None,
        "budget_w": server.budget_w,
        "paths": sorted({cord.path for cord in server.cords}),
        "cords": [
            {
                "power_port": cord.power_port,
                "pdu": cord.pdu,
                "outlet": cord.outlet,
                "branch": cord.branch,
                "path": cord.path,
            }
            for cord in server.cords
        ],
        "ups": _ups(plan, host, server),
        **spec_variables(plan, server),
        "failure_domains": list(server.failure_domains),
        "serial_number": server.asset.serial_number if server.asset else None,
        "uuid": str(server.asset.uuid) if server.asset else None,
    }


def spec_variables(plan: Plan, server: Server) -> dict[str, Any]:
    """Return what the hardware spec asks of a host's power supplies, fans and air."""
    spec = plan.site.specs[server.device_type].server
    assert spec is not None  # noqa: S101  # a loaded site has servers of a server's spec alone
    return {
        "psus_needed": spec.psus_needed,
        "inlet_limit_c": inlet_limit(spec, plan.site.place.place).celsius,
        "exhaust_max_c": spec.exhaust_max_c,
        "fans": spec.fans,
        "fans_needed": spec.fans_needed,
    }


def _ups(plan: Plan, host: Host, server: Server) -> list[dict[str, str]]:
    """Return every UPS above the host's cords, with its path."""
    domains = plan.rows[host.seat.row].path_domains
    return [
        {"name": domain.removeprefix("ups:"), "path": path}
        for path in sorted({cord.path for cord in server.cords})
        for domain in domains.get(path, ())
        if domain.startswith("ups:")
    ]


def reached(server: Server, plan: Plan, answering: Answering) -> dict[str, Any]:
    """Return how Ansible reaches a host: at its own address, or where that is mapped."""
    address = mapped(server.loopback, plan.site.network.prefixes.loopbacks, answering.hosts.prefix)
    variables: dict[str, Any] = {"ansible_host": str(address)}
    if answering.hosts.port is not None:
        variables["ansible_port"] = answering.hosts.port
    if answering.ssh_arguments is not None:
        variables["ansible_ssh_common_args"] = answering.ssh_arguments
    return variables


def _service(service: Endpoint) -> dict[str, str]:
    return {"name": service.name, "address": str(service.address)}
