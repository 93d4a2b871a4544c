"""`karst prove`: what each single fault takes down. Today of the network."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from karst.cli.console import Format, complain, faults_as_sentences, out, plural, say
from karst.cli.site import SiteArgument, find_site, print_json
from karst.plan.network.fabric import fabric
from karst.plan.pipeline import plan
from karst.resilience.network import Outcome, outcomes
from karst.resilience.report import KindReport, by_kind
from karst.resilience.wiring import wiring
from karst.site.load import load

# Of what a fatal fault cuts off, and of fatal faults: whoever wants all takes JSON.
SHOWN = 5


def prove(
    site: SiteArgument,
    output: Annotated[Format, typer.Option("--format", help="How the result is printed.")] = Format.TABLE,
) -> None:
    """Prove of SITE that every host still reaches every other and a carrier, whichever single thing fails.

    Each link, switch, carrier, entrance and power path is taken away in turn, in the plan; nothing real is touched.
    Shown is also what is left: of the uplinks of the pair of leaves that is worst off, and of the carriers' bandwidth.
    Exit code 0: every fault is survived; 1: some is not, each named.
    """
    with faults_as_sentences():
        planned = plan(load(*find_site(site)))
    found = by_kind(outcomes(wiring(fabric(planned))))
    if output is Format.JSON:
        print_json(
            {"site": planned.site.place.name, "plan": planned.hash, "network": [_as_json(each) for each in found]}
        )
    else:
        out.print(_table(found))
    fatal = [outcome for each in found for outcome in each.fatal]
    for outcome in fatal[:SHOWN]:
        complain(_sentence(outcome))
    if len(fatal) > SHOWN:
        complain(f"… and {len(fatal) - SHOWN:,} more")
    if not fatal:
        say("prove", f"{planned.site.place.name}: all of {sum(each.faults for each in found):,} single faults survived")
    raise typer.Exit(1 if fatal else 0)


def _table(found: list[KindReport]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("network", "faults", "survived", "uplinks left", "carriers left"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    for each in found:
        shares = (f"{each.uplinks_left:.0%}", f"{each.carriers_left:.0%}")
        table.add_row(each.kind.value, f"{each.faults:,}", f"{each.survived:,}", *shares)
    return table


def _sentence(outcome: Outcome) -> str:
    said = []
    for hosts, what in ((outcome.cut_off, "cut off from others"), (outcome.without_carrier, "without a carrier")):
        if hosts:
            names = sorted(hosts)
            more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
            said.append(f"{plural(len(hosts), 'host')} {what}: {', '.join(names[:SHOWN])}{more}")
    return f"{outcome.fault.kind.value} {outcome.fault.name}: {'; '.join(said)}"


def _as_json(each: KindReport) -> dict[str, Any]:
    return {
        "kind": each.kind.value,
        "faults": each.faults,
        "survived": each.survived,
        "uplinks_left": round(each.uplinks_left, 4),
        "carriers_left": round(each.carriers_left, 4),
        "fatal": [
            {
                "fault": outcome.fault.name,
                "cut_off": sorted(outcome.cut_off),
                "without_carrier": sorted(outcome.without_carrier),
            }
            for outcome in each.fatal
        ],
    }
