"""`karst inventory`: a site's hosts as a static inventory, for an Ansible that has no Karst beside it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from karst.cli.console import faults_as_sentences, plural, say
from karst.cli.site import SiteArgument, find_site
from karst.inventory.export import as_yaml
from karst.inventory.groups import inventory as inventory_of
from karst.inventory.model import STATUSES
from karst.plan.pipeline import plan
from karst.site.base import Status
from karst.site.load import load


def inventory(
    site: SiteArgument,
    status: Annotated[
        list[Status] | None,
        typer.Option(help="Servers of this status; may be given more than once.", show_default="active"),
    ] = None,
) -> None:
    """Print the hosts of a site as a static Ansible inventory in YAML, with their groups and variables.

    With Karst at hand, let Ansible's plugin `karst` read the plan itself: it is faster, and never stale.
    """
    with faults_as_sentences():
        found = inventory_of(plan(load(*find_site(site))), status or STATUSES)
    for piece in as_yaml(found):
        sys.stdout.write(piece)
    say("inventory", f"{plural(len(found.hosts), 'host')} in {plural(len(found.groups), 'group')}")
