"""`karst plan`: what follows from a site and its allocations, as tables or JSON."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from karst.cli.console import Format, faults_as_sentences, wide
from karst.cli.plan_tables import pdus_table, rack_table, rack_tables, server_table, site_tables
from karst.cli.site import SiteArgument, find_site
from karst.cli.switch_tables import SwitchInFull, switch_tables
from karst.plan.data import as_json, plan_data
from karst.plan.model import Plan, Rack, Server
from karst.plan.network.cables import cables_of
from karst.plan.network.fabric import fabric
from karst.plan.pipeline import plan as plan_site
from karst.plan.rack import rack as rack_of
from karst.plan.server import server as server_of
from karst.site.load import load
from karst.site.problems import nearest


def plan(
    site: SiteArgument,
    rack: Annotated[str | None, typer.Option(help="Show this rack in full.")] = None,
    server: Annotated[str | None, typer.Option(help="Show this server in full.")] = None,
    switch: Annotated[str | None, typer.Option(help="Show this switch and its links in full.")] = None,
    detail: Annotated[bool, typer.Option(help="Show every rack in full.")] = False,
    output: Annotated[Format, typer.Option("--format", help="How the plan is printed.")] = Format.TABLE,
) -> None:
    """Print the plan of a site: every unit, power cord, outlet, load, address and failure domain that follows from it.

    Nothing is chosen here, so the same files always give the same plan, whose hash stands at its head.
    """
    if sum((rack is not None, server is not None, switch is not None, detail)) > 1:
        raise typer.BadParameter("--rack, --server, --switch and --detail exclude one another")
    with faults_as_sentences():
        planned = plan_site(load(*find_site(site)))
    document: object
    if rack is not None:
        document = found_rack(planned, rack)
        tables = [rack_table(document), pdus_table(document)]
    elif server is not None:
        document = found_server(planned, server)
        tables = [server_table(document)]
    elif switch is not None:
        document = found_switch(planned, switch)
        tables = switch_tables(document)
    else:
        document = plan_data(planned, detail) if output is Format.JSON else None
        tables = [] if output is Format.JSON else [*site_tables(planned), *(rack_tables(planned) if detail else ())]
    if output is Format.JSON:
        sys.stdout.buffer.write(as_json(document))
        return
    console = wide()
    for index, table in enumerate(tables):
        if index:
            console.print()
        console.print(table)


def found_rack(planned: Plan, name: str) -> Rack:
    """Return a rack of the plan. Raises typer.BadParameter for a name that it does not have."""
    if name not in planned.racks:
        raise typer.BadParameter(f'there is no rack "{name}"{nearest(name, planned.racks.keys())}')
    return rack_of(planned, name)


def found_switch(planned: Plan, name: str) -> SwitchInFull:
    """Return a switch and its cables. Raises typer.BadParameter for a name that the plan does not have."""
    if name not in planned.switches:
        raise typer.BadParameter(f'there is no switch "{name}"{nearest(name, planned.switches.keys())}')
    return SwitchInFull(planned.switches[name], tuple(cables_of(fabric(planned), name)))


def found_server(planned: Plan, name: str) -> Server:
    """Return a server of the plan. Raises typer.BadParameter for a name that it does not have."""
    try:
        return server_of(planned, name)
    except KeyError:
        rack, _, _ = name.rpartition("-")
        near = rack if rack in planned.racks else next(iter(planned.racks), "")
        among = rack_of(planned, near).servers.keys() if near == rack else ()
        raise typer.BadParameter(f'there is no server "{name}"{nearest(name, among)}') from None
