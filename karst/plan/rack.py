"""A rack in full, derived from its seat when asked for."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from karst.plan.addressing import pdu_address, server_address
from karst.plan.domains import server_domains
from karst.plan.model import Layout, Pdu, PduInLayout, Plan, Rack, RackSeat, Server, ServerInLayout
from karst.plan.network.model import Switch
from karst.plan.powering import worst_w
from karst.site.base import Status
from karst.site.names import device_name
from karst.site.switches import LEAVES, OUT_OF_BAND


def rack(plan: Plan, name: str) -> Rack:
    """Return everything about a rack. Raises KeyError for a name that the plan does not have."""
    seat = plan.racks[name]
    layout = plan.layout(seat)
    servers = {full.name: full for short in layout.servers.values() for full in [server_at(plan, seat, short)]}
    pdus = {full.name: full for index in range(len(layout.pdus)) for full in [pdu_at(plan, seat, layout, index)]}
    return Rack(
        name=name,
        hall=seat.hall,
        row=seat.row,
        position=seat.position,
        ordinal=seat.ordinal,
        height_u=layout.height_u,
        budget_w=layout.budget_w,
        as_number=seat.as_number,
        cooling_zone=plan.rows[seat.row].cooling_zone,
        servers=MappingProxyType(servers),
        pdus=MappingProxyType(pdus),
        switches=MappingProxyType(switches_at(plan, seat)),
    )


def switches_at(plan: Plan, seat: RackSeat) -> dict[str, Switch]:
    """Return the switches that stand in the rack at `seat`: its own, and those of its row."""
    names = (f"{owner}-{short}" for owner in (seat.row, seat.name) for short in (*LEAVES, OUT_OF_BAND))
    return {name: switch for name in names if (switch := plan.switches.get(name)) and switch.rack == seat.name}


def device_status(plan: Plan, seat: RackSeat, device: ServerInLayout | PduInLayout) -> Status:
    """Return a device's status: the first said by its own change, its rack's, its pattern, its row; else active."""
    return device.status or plan.site.racks.rows[seat.row].status or Status.ACTIVE


def server_at(plan: Plan, seat: RackSeat, server: ServerInLayout) -> Server:
    """Return a server of the rack at `seat`, from its entry in the rack's layout."""
    name = device_name(seat.name, server.name)
    row = plan.rows[seat.row]
    return Server(
        name=name,
        rack=seat.name,
        device_type=server.device_type,
        u=server.u,
        height_u=server.height_u,
        status=device_status(plan, seat, server),
        hold=server.hold,
        role=server.role,
        cluster=row.cluster,
        out_of_band=server_address(seat.out_of_band, server.u),
        loopback=server_address(seat.loopbacks, server.u),
        cords=tuple(replace(cord, pdu=device_name(seat.name, cord.pdu)) for cord in server.cords),
        cooling_zone=row.cooling_zone,
        failure_domains=server_domains(row, seat.name, (cord.path for cord in server.cords)),
        budget_w=server.budget_w,
        settings=server.settings,
        image=server.image,
        asset=plan.site.assets.get(name),
    )


def pdu_at(plan: Plan, seat: RackSeat, layout: Layout, index: int) -> Pdu:
    """Return the rack PDU that is `index`-th of the rack's sorted PDU names."""
    short = tuple(layout.pdus)[index]
    pdu = layout.pdus[short]
    name = device_name(seat.name, short)
    return Pdu(
        name=name,
        rack=seat.name,
        device_type=pdu.device_type,
        path=pdu.path,
        busway=plan.rows[seat.row].busways[pdu.path],
        feed_a=pdu.feed_a,
        voltage_v=pdu.voltage_v,
        status=device_status(plan, seat, pdu),
        hold=pdu.hold,
        out_of_band=pdu_address(seat.out_of_band, index),
        branches=pdu.branches,
        load_w=pdu.loads_w[""],
        load_one_path_w=worst_w(pdu.loads_w),
        asset=plan.site.assets.get(name),
    )
