"""What stands in a rack: a pattern, and what a single rack changes of it, resolved once for all racks that share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from karst.plan.model import Layout, PduInLayout, ServerInLayout
from karst.plan.naming import natural
from karst.plan.powering import Draw, branch_loads, cords, draws, sockets, summed_w
from karst.site.base import Component, Status
from karst.site.hardware import RackPduSpec, ServerSpec
from karst.site.model import Site
from karst.site.problems import Problems, one_of
from karst.site.racks import DeviceChange, Pattern, RackChange, RackPdu, Server


@dataclass(frozen=True, slots=True)
class _Declared:
    """A rack as declared: its devices with the changes made, and their status where one is said."""

    where: tuple[str, str]
    height_u: int
    budget_w: float
    servers: Mapping[str, Server]
    pdus: Mapping[str, RackPdu]
    statuses: Mapping[str, Status]


def pattern_layout(site: Site, name: str, problems: Problems) -> Layout:
    """Return the layout of a pattern; what keeps it from being derived is added to `problems`."""
    pattern = site.racks.patterns[name]
    devices: tuple[tuple[str, Component], ...] = (*pattern.servers.items(), *pattern.pdus.items())
    statuses = {short: device.status for short, device in devices if _says_status(device)}
    declared = _Declared(
        ("patterns", name), pattern.height_u, pattern.budget_w, pattern.servers, pattern.pdus, statuses
    )
    return _layout(site, declared, problems)


def changed_layout(site: Site, rack: str, pattern: Pattern, change: RackChange, problems: Problems) -> Layout:
    """Return the layout of a rack that differs from its pattern.

    Of statuses the nearest counts: device change, rack change, pattern's device.
    """
    where = ("racks", rack)
    servers = dict(pattern.servers)
    for name, device_change in change.servers.items():
        server = _changed_server(servers.get(name), device_change)
        if server is None:
            line = site.line("racks.yml", *where, "servers", name)
            what = f'server "{name}" of rack "{rack}" is not in its pattern and lacks device_type or u'
            problems.error("racks.yml", line, what, "both, as the server is added whole")
        else:
            servers[name] = server
    pdus = dict(pattern.pdus)
    for name, device_change in change.pdus.items():
        if name in pdus:
            pdus[name] = pdus[name].model_copy(update=_updates(device_change, "hold", "device_type"))
        else:
            line = site.line("racks.yml", *where, "pdus", name)
            problems.error("racks.yml", line, f'rack PDU "{name}" is not in the pattern', one_of(pdus))
    statuses = {
        **_statuses(servers, pattern.servers, change, change.servers),
        **_statuses(pdus, pattern.pdus, change, change.pdus),
    }
    budget_w = change.budget_w or pattern.budget_w
    return _layout(site, _Declared(where, pattern.height_u, budget_w, servers, pdus, statuses), problems)


def _says_status(device: Component) -> bool:
    return "status" in device.model_fields_set


def _statuses(
    devices: Iterable[str],
    in_pattern: Mapping[str, Component],
    change: RackChange,
    device_changes: Mapping[str, DeviceChange],
) -> dict[str, Status]:
    """Return the status of each device for which one is said, the nearest."""
    found = {}
    for short in devices:
        said = [
            device_changes[short].status if short in device_changes else None,
            change.status,
            in_pattern[short].status if short in in_pattern and _says_status(in_pattern[short]) else None,
        ]
        status = next((status for status in said if status is not None), None)
        if status is not None:
            found[short] = status
    return found


def _updates(change: DeviceChange, *fields: str) -> dict[str, object]:
    return {field: value for field in fields if (value := getattr(change, field)) is not None}


def _changed_server(server: Server | None, change: DeviceChange) -> Server | None:
    """Return the server with its changes, its settings added to the pattern's; or a new one; None if it is neither."""
    updates = _updates(change, "hold", "device_type", "u", "role")
    if server is None:
        if change.device_type is None or change.u is None:
            return None
        return Server.model_validate({**updates, "settings": change.settings or {}})
    return server.model_copy(update={**updates, "settings": {**server.settings, **(change.settings or {})}})


def _layout(site: Site, declared: _Declared, problems: Problems) -> Layout:
    pdu_specs = {
        name: spec for name, pdu in declared.pdus.items() if (spec := _pdu_spec(site, declared, name, pdu, problems))
    }
    paths = tuple(dict.fromkeys(declared.pdus[name].path for name in sorted(declared.pdus)))
    sockets_of = {
        path: sockets({name: spec for name, spec in pdu_specs.items() if declared.pdus[name].path == path})
        for path in paths
    }
    servers: dict[str, ServerInLayout] = {}
    drawn: list[Draw] = []
    for name, server in sorted(declared.servers.items(), key=lambda item: (item[1].u, natural(item[0]))):
        server_spec = _server_spec(site, declared, name, server, problems)
        if server_spec is None:
            continue
        device_type = site.device_types[server.device_type]
        corded = cords([port.name for port in device_type.power_ports], server.u, paths, sockets_of)
        drawn += draws(corded, server_spec.budget_w, paths)
        servers[name] = ServerInLayout(
            name=name,
            device_type=server.device_type,
            u=server.u,
            height_u=max(1, round(device_type.u_height)),
            status=declared.statuses.get(name),
            hold=server.hold,
            role=server.role,
            cords=corded,
            budget_w=server_spec.budget_w,
            settings=_settings(site, declared, name, server, server_spec, problems),
        )
    pdus = {
        name: _pdu(name, declared, spec, [draw for draw in drawn if draw.cord.pdu == name], paths)
        for name, spec in sorted(pdu_specs.items(), key=lambda item: item[0])
    }
    return Layout(
        declared.where, declared.height_u, declared.budget_w, MappingProxyType(servers), MappingProxyType(pdus)
    )


def _pdu(name: str, declared: _Declared, spec: RackPduSpec, drawn: list[Draw], paths: tuple[str, ...]) -> PduInLayout:
    pdu = declared.pdus[name]
    return PduInLayout(
        name=name,
        device_type=pdu.device_type,
        path=pdu.path,
        feed_a=pdu.feed_a,
        voltage_v=spec.voltage_v,
        status=declared.statuses.get(name),
        hold=pdu.hold,
        branches=branch_loads(spec, drawn, paths),
        loads_w=MappingProxyType(summed_w((draw.by_lost_path_w for draw in drawn), paths)),
    )


def _pdu_spec(site: Site, declared: _Declared, name: str, pdu: RackPdu, problems: Problems) -> RackPduSpec | None:
    spec = site.specs.get(pdu.device_type)
    if spec is None or spec.rack_pdu is None:
        _no_spec(site, declared, ("pdus", name), pdu.device_type, "rack PDU", problems)
        return None
    return spec.rack_pdu


def _server_spec(site: Site, declared: _Declared, name: str, server: Server, problems: Problems) -> ServerSpec | None:
    spec = site.specs.get(server.device_type)
    if spec is None or spec.server is None or server.device_type not in site.device_types:
        _no_spec(site, declared, ("servers", name), server.device_type, "server", problems)
        return None
    return spec.server


def _no_spec(
    site: Site, declared: _Declared, device: tuple[str, str], slug: str, kind: str, problems: Problems
) -> None:
    line = site.line("racks.yml", *declared.where, *device, "device_type")
    problems.error("racks.yml", line, f'"{slug}" is no {kind} with a spec', f"a {kind} that hardware/spec describes")


def _settings(
    site: Site, declared: _Declared, name: str, server: Server, spec: ServerSpec, problems: Problems
) -> Mapping[str, str]:
    """Return the settings in the maker's words."""
    found: dict[str, str] = {}
    for neutral, value in sorted(server.settings.items()):
        line = site.line("racks.yml", *declared.where, "servers", name, "settings", neutral)
        setting = spec.settings.get(neutral)
        if setting is None:
            what = f'{server.device_type} has no setting "{neutral}"'
            problems.error("racks.yml", line, what, one_of(spec.settings, "settings"))
        elif value not in setting.values:
            what = f'setting "{neutral}" of {server.device_type} cannot be "{value}"'
            problems.error("racks.yml", line, what, one_of(setting.values))
        else:
            found[setting.attribute] = setting.values[value]
    return MappingProxyType(found)
