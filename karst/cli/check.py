"""`karst check SITE`: everything that is wrong with a site and its plan, all at once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from karst.cli.console import Format, err, out, plural
from karst.cli.site import SiteArgument, find_site, print_json, print_problems
from karst.plan import check as plan_check
from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.site.load import load_with_warnings
from karst.site.problems import Problem, SiteError

_NOUNS = {
    "halls": "hall",
    "racks": "rack",
    "servers": "server",
    "rack_pdus": "rack PDU",
    "clusters": "cluster",
    "tenants": "tenant",
    "assets": "delivered asset",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and the plan if one could be made."""

    problems: tuple[Problem, ...]
    plan: Plan | None

    def count(self, severity: str) -> int:
        """Return how many problems are of this severity."""
        return sum(problem.severity == severity for problem in self.problems)


def check(
    site: SiteArgument,
    style: Annotated[Format, typer.Option("--format", help="How the result is printed.")] = Format.TABLE,
) -> None:
    """Say everything that is wrong with SITE: its files, what they name, and the plan that follows from them.

    Exit code 0 if nothing is (warnings may be), 1 if something is, 2 if there is no such site.
    """
    folder, hardware = find_site(site)
    begun = time.monotonic()
    found = inspect(folder, hardware, date.today())
    took_s = time.monotonic() - begun
    figures = _figures(found.plan) if found.plan else {}
    errors, warnings = found.count("error"), found.count("warning")
    if style is Format.JSON:
        print_json(
            {
                "site": folder.resolve().name,
                "plan": found.plan.hash if found.plan else None,
                "errors": errors,
                "warnings": warnings,
                "figures": figures,
                "problems": [asdict(problem) for problem in found.problems],
            }
        )
    else:
        print_problems(found.problems)
    said = [plural(number, _NOUNS[noun]) for noun, number in figures.items()]
    verdict = f"{plural(errors, 'error')}, {plural(warnings, 'warning')}, in {took_s:.1f} s"
    last = f"{folder.resolve().name}: {', '.join(said)}{'; ' if said else ''}{verdict}"
    (err if style is Format.JSON else out).print(last, markup=False, style="red" if errors else "green")
    raise typer.Exit(1 if errors else 0)


def inspect(folder: Path, hardware: Path, today: date) -> Checked:
    """Load, plan and check a site; whatever stops the next step is what is told. Holds are held against `today`."""
    warnings: Iterable[Problem] = ()
    try:
        site, warnings = load_with_warnings(folder, hardware)
        planned = plan(site)
    except SiteError as fault:
        return Checked(tuple(sorted({*warnings, *fault.problems})), None)
    return Checked(tuple(sorted({*warnings, *plan_check.check(planned, today)})), planned)


def _figures(planned: Plan) -> dict[str, int]:
    layouts = [planned.changed.get(name) or planned.patterns[seat.pattern] for name, seat in planned.racks.items()]
    return {
        "halls": len(planned.site.spaces.halls),
        "racks": len(planned.racks),
        "servers": sum(len(layout.servers) for layout in layouts),
        "rack_pdus": sum(len(layout.pdus) for layout in layouts),
        "clusters": len(planned.site.clusters.clusters),
        "tenants": len(planned.site.tenants.tenants),
        "assets": len(planned.site.assets),
    }
