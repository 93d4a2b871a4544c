"""`karst render`: what other systems read of a site, as files."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated

import typer

from karst.cli.console import complain, faults_as_sentences, out, plural, say
from karst.cli.site import SiteArgument, find_site
from karst.plan.network.fabric import Fabric, fabric
from karst.plan.network.flows import firewall
from karst.plan.network.model import NeighbourRole, Node
from karst.plan.network.nodes import node as node_of
from karst.plan.network.nodes import nodes
from karst.plan.pipeline import plan
from karst.render.monitoring import PAGE_URL, TICKET_URL, Watch, documents
from karst.render.monitoring_rules import Pace
from karst.render.network import Renderer
from karst.render.nftables import FirewallRenderer
from karst.site.load import load
from karst.site.problems import nearest

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Write what other systems read of a site.")


@app.command()
def monitoring(
    site: SiteArgument,
    folder: Annotated[
        Path | None, typer.Option("--to", help="Folder to write into.", show_default="monitoring/SITE")
    ] = None,
    every: Annotated[
        int, typer.Option(min=1, help="Seconds from one scrape to the next; all else is so many scrapes.")
    ] = 15,
    page: Annotated[str, typer.Option(metavar="URL", help="Where pages are posted to.")] = PAGE_URL,
    ticket: Annotated[str, typer.Option(metavar="URL", help="Where tickets are posted to.")] = TICKET_URL,
    host_map: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="Hosts answer in this prefix in the place of the site's `loopbacks`."),
    ] = None,
    switch_map: Annotated[
        str | None,
        typer.Option(metavar="PREFIX", help="Switches answer in this prefix in the place of `switch_loopbacks`."),
    ] = None,
) -> None:
    """Write what Prometheus and Alertmanager read: targets, rules, routes, with labels and limits of plan and spec.

    The names of the files are printed. The same plan gives the same bytes. Role `monitoring` lays them on a server.
    """
    watch = Watch(Pace(every), page, ticket, _prefix(host_map, "--host-map"), _prefix(switch_map, "--switch-map"))
    with faults_as_sentences():
        planned = plan(load(*find_site(site)))
    try:
        files = documents(planned, watch)
    except ValueError as fault:
        complain(str(fault))
        raise typer.Exit(1) from None
    folder = folder or Path("monitoring", planned.site.place.name)
    _clear(folder / "targets")
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        out.print(str(file), markup=False)
    say("monitoring", f"{plural(len(files), 'file')} of plan {planned.hash[:12]}")


@app.command()
def network(
    site: SiteArgument,
    device: Annotated[
        list[str] | None, typer.Option(help="Only this switch or server; may be given several times.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--to", help="Folder to write into.", show_default="network/SITE")
    ] = None,
) -> None:
    """Write what switches and hosts of SITE route by: DEVICE/frr.conf, and a host's nftables.conf beside it.

    The names of the files are printed. The same plan gives the same bytes, in the form in which FRR and nftables list
    them. Nothing is sent to a device.
    """
    where, hardware = find_site(site)
    with faults_as_sentences():
        made = fabric(plan(load(where, hardware)))
    chosen = [_node(made, name) for name in device] if device else nodes(made)
    folder = folder or Path("network", made.plan.site.place.name)
    frr, nftables = Renderer(hardware.parent / "templates"), FirewallRenderer(hardware.parent / "templates")
    written = 0
    for node in chosen:
        files = {"frr.conf": frr.frr(node)}
        if node.role is NeighbourRole.HOST:
            files["nftables.conf"] = nftables.ruleset(firewall(made, node.name))
        for name, text in files.items():
            file = folder / node.name / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            out.print(str(file), markup=False)
            written += 1
    say("network", f"{plural(written, 'file')} of plan {made.plan.hash[:12]}")


def _node(made: Fabric, name: str) -> Node:
    try:
        return node_of(made, name)
    except KeyError:
        near = nearest(name, made.plan.switches.keys())
        raise typer.BadParameter(f'there is no device "{name}" that routes{near}', param_hint="--device") from None


def _clear(targets: Path) -> None:
    """Forget halls that the plan has no more: Prometheus reads whatever lies there."""
    for file in targets.glob("*.json"):
        file.unlink()


def _prefix(given: str | None, option: str) -> IPv4Network | None:
    try:
        return None if given is None else IPv4Network(given)
    except ValueError as fault:
        raise typer.BadParameter(str(fault), param_hint=option) from None
