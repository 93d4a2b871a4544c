"""`karst render`: what other systems read of a site, as files."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated

import typer

from karst.cli.console import complain, faults_as_sentences, out, plural, say
from karst.cli.site import SiteArgument, find_site
from karst.plan.pipeline import plan
from karst.render.monitoring import PAGE_URL, TICKET_URL, Watch, documents
from karst.render.monitoring_rules import Pace
from karst.site.load import load

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Write what other systems read of a site.")


@app.callback()
def _render() -> None:
    """Keep `monitoring` a command of its own, as others are to stand beside it."""


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
) -> None:
    """Write what Prometheus and Alertmanager read: targets, rules, routes, with labels and limits of plan and spec.

    The names of the files are printed. The same plan gives the same bytes. Role `monitoring` lays them on a server.
    """
    watch = Watch(Pace(every), page, ticket, _prefix(host_map))
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


def _clear(targets: Path) -> None:
    """Forget halls that the plan has no more: Prometheus reads whatever lies there."""
    for file in targets.glob("*.json"):
        file.unlink()


def _prefix(given: str | None) -> IPv4Network | None:
    try:
        return None if given is None else IPv4Network(given)
    except ValueError as fault:
        raise typer.BadParameter(str(fault), param_hint="--host-map") from None
