"""What stands in a rack: a pattern, and what a single rack changes of it, resolved once for all racks that share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from types import MappingProxyType

from karst.plan.model import Layout, PduInLayout, ServerInLayout
from karst.plan.naming import natural
from karst.plan.powering import Draw, branch_loads, cords, draws, sockets, summed_w
from karst.site.base import Component, Status
from karst.site.changes import servers_of
from karst.site.hardware import RackPduSpec, ServerSpec
from karst.site.model import Site
from karst.site.racks import DeviceChange, Pattern, RackChange, RackPdu, Server


def pattern_layout(site: Site, name: str) -> Layout:
    """Return the layout of a pattern."""
    pattern = site.racks.patterns[name]
    return _layout(site, ("patterns", name), pattern, RackChange(), pattern.servers, pattern.pdus)


def changed_layout(site: Site, rack: str, pattern: Pattern, change: RackChange) -> Layout:
    """Return the layout of a rack that differs from its pattern."""
    pdus = {name: _changed_pdu(pdu, change.pdus.get(name)) for name, pdu in pattern.pdus.items()}
    return _layout(site, ("racks", rack), pattern, change, servers_of(pattern, change), pdus)


def _changed_pdu(pdu: RackPdu, change: DeviceChange | None) -> RackPdu:
    if change is None:
        return pdu
    said = {"device_type": change.device_type, "hold": change.hold}
    return pdu.model_copy(update={field: value for field, value in said.items() if value is not None})


def _layout(
    site: Site,
    where: tuple[str, str],
    pattern: Pattern,
    change: RackChange,
    declared_servers: Mapping[str, Server],
    declared_pdus: Mapping[str, RackPdu],
) -> Layout:
    names = sorted(declared_pdus)
    specs = {name: _pdu_spec(site, declared_pdus[name]) for name in names}
    paths = tuple(dict.fromkeys(declared_pdus[name].path for name in names))
    sockets_of = {
        path: sockets({name: spec for name, spec in specs.items() if declared_pdus[name].path == path})
        for path in paths
    }
    statuses = _statuses(declared_servers, pattern.servers, change, change.servers)
    servers: dict[str, ServerInLayout] = {}
    drawn: list[Draw] = []
    for name, server in sorted(declared_servers.items(), key=lambda item: (item[1].u, natural(item[0]))):
        spec = _server_spec(site, server)
        device_type = site.device_types[server.device_type]
        corded = cords([port.name for port in device_type.power_ports], server.u, paths, sockets_of)
        drawn += draws(corded, spec.budget_w, paths)
        servers[name] = ServerInLayout(
            name=name,
            device_type=server.device_type,
            u=server.u,
            height_u=ceil(device_type.u_height),
            status=statuses.get(name),
            hold=server.hold,
            role=server.role,
            cords=corded,
            budget_w=spec.budget_w,
            settings=_settings(server, spec),
            image=site.place.services.images[server.image] if server.image else None,
        )
    statuses = _statuses(declared_pdus, pattern.pdus, change, change.pdus)
    pdus = {
        name: _pdu(
            name,
            declared_pdus[name],
            spec,
            statuses.get(name),
            [draw for draw in drawn if draw.cord.pdu == name],
            paths,
        )
        for name, spec in specs.items()
    }
    return Layout(
        where,
        pattern.height_u,
        change.budget_w or pattern.budget_w,
        paths,
        MappingProxyType(servers),
        MappingProxyType(pdus),
    )


def _pdu(
    name: str, pdu: RackPdu, spec: RackPduSpec, status: Status | None, drawn: list[Draw], paths: tuple[str, ...]
) -> PduInLayout:
    return PduInLayout(
        name=name,
        device_type=pdu.device_type,
        path=pdu.path,
        feed_a=pdu.feed_a,
        voltage_v=spec.voltage_v,
        status=status,
        hold=pdu.hold,
        branches=branch_loads(spec, drawn, paths),
        loads_w=MappingProxyType(summed_w((draw.by_lost_path_w for draw in drawn), paths)),
    )


def _statuses(
    devices: Iterable[str],
    in_pattern: Mapping[str, Component],
    change: RackChange,
    device_changes: Mapping[str, DeviceChange],
) -> dict[str, Status]:
    """Return the status of each device for which one is said: by its own change, else its rack's, else its pattern.

    A device whose pattern says nothing is left to its row, so the default of the model is no word.
    """
    found = {}
    for short in devices:
        device = in_pattern.get(short)
        said = [
            device_changes[short].status if short in device_changes else None,
            change.status,
            device.status if device is not None and "status" in device.model_fields_set else None,
        ]
        status = next((status for status in said if status is not None), None)
        if status is not None:
            found[short] = status
    return found


def _settings(server: Server, spec: ServerSpec) -> Mapping[str, str]:
    """Return the settings in the maker's words."""
    makers = {name: spec.settings[name] for name in sorted(server.settings)}
    return MappingProxyType({maker.attribute: maker.values[server.settings[name]] for name, maker in makers.items()})


def _server_spec(site: Site, server: Server) -> ServerSpec:
    spec = site.specs[server.device_type].server
    if spec is None:
        raise ValueError(f"{server.device_type} is no server")  # a loaded site has none such
    return spec


def _pdu_spec(site: Site, pdu: RackPdu) -> RackPduSpec:
    spec = site.specs[pdu.device_type].rack_pdu
    if spec is None:
        raise ValueError(f"{pdu.device_type} is no rack PDU")  # a loaded site has none such
    return spec
