"""`karst draw`: rack elevations as SVG, a row a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from karst.cli.console import faults_as_sentences, out, plural, say
from karst.cli.site import SiteArgument, find_site
from karst.draw.row import row_svg
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.site.problems import nearest


def draw(
    site: SiteArgument,
    row: Annotated[list[str] | None, typer.Option(help="Only this row; may be given more than once.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder to write into.", show_default="drawings/SITE")
    ] = None,
) -> None:
    """Draw the racks of a site, a row a file: devices, status and holds, rack PDUs, cords, loads against limits.

    The names of the files are printed. The same plan gives the same bytes.
    """
    with faults_as_sentences():
        planned = plan(load(*find_site(site)))
    rows = row or list(planned.rows)
    for name in rows:
        if name not in planned.rows:
            raise typer.BadParameter(f'there is no row "{name}" with racks{nearest(name, planned.rows.keys())}')
    folder = folder or Path("drawings", planned.site.place.name)
    folder.mkdir(parents=True, exist_ok=True)
    for name in rows:
        file = folder / f"{name}.svg"
        file.write_text(row_svg(planned, name), encoding="utf-8")
        out.print(str(file), markup=False)
    say("drawn", f"{plural(len(rows), 'row')} of plan {planned.hash[:12]}")
