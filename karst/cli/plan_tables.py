"""A plan in tables for people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal

from rich.table import Table

from karst.plan.limits import NodeLoad, node_loads
from karst.plan.loads import row_demands
from karst.plan.model import Pdu, Plan, Rack, Row, Server
from karst.plan.rack import rack as rack_of
from karst.site.base import Hold

# Longer tables nobody reads: beyond this, halls stand for their rows, and the fullest power node for its kind.
_MOST = 40

_FOLDS = "with … lost"


def site_tables(plan: Plan) -> Iterator[Table]:
    """Yield what a site's plan comes to: the whole, its rows, and its power plant."""
    yield _whole(plan)
    yield _rows(plan) if len(plan.rows) <= _MOST else _halls(plan)
    yield _power(plan)


def rack_tables(plan: Plan) -> Iterator[Table]:
    """Yield the tables of each rack."""
    for name in plan.racks:
        rack = rack_of(plan, name)
        yield rack_table(rack)
        yield pdus_table(rack)


def rack_table(rack: Rack) -> Table:
    """Return a rack's servers from the top down, as one stands before them; holds stand below."""
    drawn_w = sum(server.budget_w for server in rack.servers.values())
    devices: list[Server | Pdu] = [*reversed(list(rack.servers.values())), *rack.pdus.values()]
    table = Table(
        title=(
            f"{rack.name}: hall {rack.hall}, zone {rack.cooling_zone}, ordinal {rack.ordinal}, AS {rack.as_number}, "
            f"{_kw(drawn_w)} of {_kw(rack.budget_w)} kW"
        ),
        caption="\n".join(f"{device.name}: {_held(device.hold)}" for device in devices if device.hold) or None,
        title_justify="left",
        caption_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    pdus = {pdu.name: f"{pdu.name.removeprefix(f'{rack.name}-')} ({pdu.path})" for pdu in rack.pdus.values()}
    _headings(table, "unit>", "server", "type", "status", "out of band", "W>", *pdus.values())
    for server in reversed(list(rack.servers.values())):
        table.add_row(
            _units(server),
            server.name.removeprefix(f"{rack.name}-"),
            server.device_type,
            _status(server),
            str(server.out_of_band),
            f"{server.budget_w:.0f}",
            *(", ".join(f"{cord.outlet} {cord.branch}" for cord in server.cords if cord.pdu == pdu) for pdu in pdus),
        )
    return table


def pdus_table(rack: Rack) -> Table:
    """Return the rack PDUs of a rack, with what their branches carry when a path is lost."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    branches = list(dict.fromkeys(branch.name for pdu in rack.pdus.values() for branch in pdu.branches))
    _headings(table, "rack PDU", "path", "busway", "status", "out of band", "W>", *(f"{name}>" for name in branches))
    for pdu in rack.pdus.values():
        loads = {branch.name: f"{branch.load_one_path_w:.0f}" for branch in pdu.branches}
        table.add_row(
            pdu.name.removeprefix(f"{rack.name}-"),
            pdu.path,
            pdu.busway,
            _status(pdu),
            str(pdu.out_of_band),
            f"{pdu.load_one_path_w:.0f}",
            *(loads.get(name, "") for name in branches),
        )
    return table


def server_table(server: Server) -> Table:
    """Return everything about a server."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("server", server.name)
    table.add_row("device type", server.device_type)
    table.add_row("rack, units", f"{server.rack}, {_units(server)}")
    table.add_row("status", server.status.value)
    if server.hold:
        table.add_row("hold", _held(server.hold))
    table.add_row("role", f"{server.role.value} of {server.cluster or 'no cluster'}")
    table.add_row("out of band", str(server.out_of_band))
    table.add_row("loopback", str(server.loopback))
    for cord in server.cords:
        table.add_row(cord.power_port, f"{cord.pdu}, outlet {cord.outlet}, branch {cord.branch}, path {cord.path}")
    table.add_row("budget", f"{server.budget_w:.0f} W")
    table.add_row("settings", ", ".join(f"{name}={value}" for name, value in server.settings.items()) or "none")
    table.add_row("cooling zone", server.cooling_zone)
    table.add_row("failure domains", "\n".join(server.failure_domains))
    table.add_row("asset", f"serial number {server.asset.serial_number}" if server.asset else "not delivered")
    return table


def _whole(plan: Plan) -> Table:
    counts: Counter[str] = Counter()
    held = 0
    for seat in plan.racks.values():
        layout = plan.layout(seat)
        row_status = plan.site.racks.rows[seat.row].status
        for server in layout.servers.values():
            counts[str(server.status or row_status or "active")] += 1
            held += server.hold is not None
    by_status = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row(
        "site", f"{plan.site.place.title} ({plan.site.place.name}), class {plan.site.place.required_class.value}"
    )
    table.add_row("plan", plan.hash)
    table.add_row("racks", str(len(plan.racks)))
    table.add_row("servers", f"{counts.total()}: {by_status}" if counts else "0")
    if held:
        table.add_row("held servers", str(held))
    load_w = sum(watts for demand in row_demands(plan).values() for watts in demand.values())
    table.add_row("load", f"{_kw(load_w)} kW")
    return table


def _rows(plan: Plan) -> Table:
    racks = Counter(seat.row for seat in plan.racks.values())
    demands = row_demands(plan)
    table = Table(box=None, padding=(0, 2, 0, 0))
    _headings(table, "row", "hall", "cluster", "zone", "busways", "racks>", "kW>")
    for name, row in plan.rows.items():
        busways = ", ".join(f"{path} {busway}" for path, busway in row.busways.items())
        load = _kw(sum(demands[name].values()))
        table.add_row(name, row.hall, row.cluster or "", row.cooling_zone, busways, str(racks[name]), load)
    return table


def _halls(plan: Plan) -> Table:
    racks = Counter(seat.hall for seat in plan.racks.values())
    load_w: Counter[str] = Counter()
    rows: dict[str, list[Row]] = defaultdict(list)
    demands = row_demands(plan)
    for name, row in plan.rows.items():
        rows[row.hall].append(row)
        load_w[row.hall] += int(sum(demands[name].values()))
    table = Table(box=None, padding=(0, 2, 0, 0))
    _headings(table, "hall", "cluster", "zones", "rows>", "racks>", "kW>")
    for hall, of_hall in rows.items():
        zones = ", ".join(sorted({row.cooling_zone for row in of_hall}))
        cluster = of_hall[0].cluster or ""
        table.add_row(hall, cluster, zones, str(len(of_hall)), str(racks[hall]), _kw(load_w[hall]))
    return table


def _power(plan: Plan) -> Table:
    """Return the power plant; of a big one, of each kind only the node nearest to its limit."""
    loads = node_loads(plan)
    shown: list[tuple[str, NodeLoad]] = list(loads.items())
    if len(shown) > _MOST:
        fullest: dict[str, tuple[str, NodeLoad]] = {}
        for name, load in loads.items():
            if load.kind not in fullest or _share(load) > _share(fullest[load.kind][1]):
                fullest[load.kind] = name, load
        shown = list(fullest.values())
    title = (
        "power plant" if len(shown) == len(loads) else f"power plant: the fullest of each kind, of {len(loads)} nodes"
    )
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    _headings(table, "kind", "node", "kW>", "worst kW>", _FOLDS, "limit kW>", "%>")
    for name, load in sorted(shown, key=lambda each: (each[1].kind, each[0])):
        table.add_row(
            load.kind,
            name,
            _kw(load.load_w),
            _kw(load.worst_w),
            load.lost,
            _kw(load.limit_w),
            f"{100 * _share(load):.0f}",
            style="red" if load.over else None,
        )
    return table


def _share(load: NodeLoad) -> float:
    return load.worst_w / load.limit_w


def _headings(table: Table, *headings: str) -> None:
    """Add columns; a heading that ends with `>` is of numbers, set right. Only `with … lost` may fold."""
    for heading in headings:
        justify: Literal["left", "right"] = "right" if heading.endswith(">") else "left"
        table.add_column(heading.removesuffix(">"), justify=justify, no_wrap=heading != _FOLDS, overflow="fold")


def _units(server: Server) -> str:
    return f"U{server.u}" if server.height_u == 1 else f"U{server.u}-U{server.u + server.height_u - 1}"


def _status(device: Server | Pdu) -> str:
    return f"{device.status.value}{', held' if device.hold else ''}"


def _held(hold: Hold) -> str:
    return f"held by {hold.who} until {hold.until}: {hold.why}"


def _kw(watts: float) -> str:
    return f"{watts / 1000:,.2f}" if watts < 100_000 else f"{watts / 1000:,.0f}"
