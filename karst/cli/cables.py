"""`karst cables`: the list by which a site's network is cabled."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from karst.cli.console import faults_as_sentences, wide
from karst.cli.site import SiteArgument, find_site
from karst.cli.switch_tables import cables_table
from karst.plan.data import as_json
from karst.plan.network.cables import cables as cables_of_site
from karst.plan.network.fabric import fabric
from karst.plan.network.listing import cables_csv
from karst.plan.network.model import Cable, CableKind
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.site.problems import nearest


class CablesFormat(StrEnum):
    """How the list is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def cables(
    site: SiteArgument,
    device: Annotated[str | None, typer.Option(help="Only those at this rack, server, rack PDU or switch.")] = None,
    kind: Annotated[CableKind | None, typer.Option(help="Only those of this kind.")] = None,
    output: Annotated[CablesFormat, typer.Option("--format", help="How the list is printed.")] = CablesFormat.TABLE,
) -> None:
    """List the network cables of SITE: the label that goes on both ends, the ends, the length to take, the way it goes.

    Both ends of a cable are named a and b; a is the one nearer to the spines. As CSV it is for the technicians who lay
    them: `karst cables lab --device h1-r1-02 --format csv`.
    """
    with faults_as_sentences():
        made = fabric(plan(load(*find_site(site))))
    found = [cable for cable in cables_of_site(made) if kind is None or cable.kind is kind]
    if device is not None:
        there = {name for cable in found for name in (cable.a.device, cable.b.device)}
        found = [cable for cable in found if _at(cable, device)]
        if not found:
            raise typer.BadParameter(f'no such cable ends at "{device}"{nearest(device, there)}')
    if output is CablesFormat.JSON:
        sys.stdout.buffer.write(as_json(found))
    elif output is CablesFormat.CSV:
        sys.stdout.write(cables_csv(found))
    else:
        wide().print(cables_table(found))


def _at(cable: Cable, device: str) -> bool:
    """Return whether a cable ends at a device, or in a rack of that name."""
    return any(end.device == device or end.device.startswith(f"{device}-") for end in (cable.a, cable.b))
