"""`karst verify SITE`: reality, as BMCs, rack PDUs and hosts tell it, against the plan and the hardware spec."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from karst.cli.console import complain, err, faults_as_sentences, out, plural
from karst.cli.site import print_json
from karst.cli.verify_run import racks_of, swept, tested_outlets
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.site.problems import one_of
from karst.verify.evaluate import GROUPS
from karst.verify.finding import Finding, Outcome
from karst.verify.junit import junit
from karst.verify.verify import Report, Samples
from karst.workspace import paths

# Of a table: more rows than anybody reads. JSON and JUnit have them all.
_ROWS = 200
_UNOBSERVED = 3  # exit code: nothing failed, and not everything was seen


class ReportFormat(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"
    JUNIT = "junit"


def verify(
    site: Annotated[str, typer.Argument(help="Name of a site, a folder of sites/.", metavar="SITE")] = "lab",
    only: Annotated[
        list[str] | None, typer.Option(help=f"Only these checks: {', '.join(GROUPS)}. May be repeated.")
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(help="Only racks or devices whose name matches, `h1-r1-02*`. May be repeated.", metavar="PATTERN"),
    ] = None,
    style: Annotated[ReportFormat, typer.Option("--format", help="How the report is printed.")] = ReportFormat.TABLE,
    samples: Annotated[
        int, typer.Option(min=1, help="Read the watts of cords in doubt up to so many times, as loads move.")
    ] = 1,
    every: Annotated[float, typer.Option(min=0, help="Seconds from one reading of watts to the next.")] = 10.0,
    outlet_test: Annotated[
        str | None,
        typer.Option(help="Switch off each outlet of this server in turn, and see what loses power.", metavar="SERVER"),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Consent to the outlet test of a server that is not staged.")
    ] = False,
) -> None:
    """Ask every BMC, rack PDU, host and switch of SITE, and say what is not as plan and hardware spec have it.

    Nothing is changed, but by an outlet test. What nobody could see is unobserved, and does not count as passed. What
    is held, or off as its status has it, is shown and does not count; planned, failed and leaving devices are not
    looked at.

    Exit code 0: all was seen, and is right; 1: something failed; 3: nothing failed, but something was not seen;
    2: wrong use. Every check is in docs/verify.md.
    """
    with faults_as_sentences():
        if unknown := set(only or ()) - set(GROUPS):
            raise typer.BadParameter(f"{', '.join(sorted(unknown))}: expected {one_of(GROUPS)}", param_hint="--only")
        place = paths.find()
        planned = plan(load(place.site(site), place.hardware))
        if outlet_test:
            report = tested_outlets(place, planned, outlet_test, yes)
        else:
            racks = racks_of(place, planned, limit or [])
            report = swept(planned, racks, only or [], Samples(samples, every))
        _show(report, style)
        raise typer.Exit(_exit_code(report.findings))


def _exit_code(findings: Iterable[Finding]) -> int:
    counting = {each.outcome for each in findings if each.counts}
    if Outcome.FAILED in counting:
        return 1
    return _UNOBSERVED if counting else 0


def _show(report: Report, style: ReportFormat) -> None:
    if style is ReportFormat.JSON:
        print_json(document(report))
    elif style is ReportFormat.JUNIT:
        sys.stdout.buffer.write(junit(report))
    else:
        _print(report)
    counts = {outcome: report.count(outcome) for outcome in Outcome}
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count)
    more = f", {report.excused:,} excused" if report.excused else ""
    left_out = f", {plural(len(report.left_out), 'device')} not looked at" if report.left_out else ""
    asked = ", ".join(
        plural(count, noun, several)
        for count, noun, several in (
            (report.devices, "BMC", ""),
            (report.hosts, "host", ""),
            (report.switches, "switch", "switches"),
        )
        if count
    )
    no_hosts = f"; no hosts: {report.no_hosts}" if report.no_hosts else ""
    no_hosts += f"; no switches: {report.no_switches}" if report.no_switches else ""
    verdict = f"{report.site}: {asked or 'nothing'} read in {report.took_s:.1f} s; {told}{more}{left_out}{no_hosts}"
    color = "red" if counts[Outcome.FAILED] else "yellow" if counts[Outcome.UNOBSERVED] else "green"
    (out if style is ReportFormat.TABLE else err).print(verdict, markup=False, style=color)


def document(report: Report) -> dict[str, object]:
    """The report for programs."""
    return {
        "site": report.site,
        "plan": report.plan,
        "devices": report.devices,
        "hosts": report.hosts,
        "no_hosts": report.no_hosts,
        "switches": report.switches,
        "no_switches": report.no_switches,
        "took_s": round(report.took_s, 3),
        **{outcome.value: report.count(outcome) for outcome in Outcome},
        "excused": report.excused,
        "not_looked_at": report.left_out,
        "findings": [asdict(each) for each in sorted(report.findings)],
    }


def _print(report: Report) -> None:
    shown = [each for each in sorted(report.findings) if each.outcome is not Outcome.PASSED]
    if not shown and not report.left_out:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("device", "check", "part", "", "alert", "what"):
        table.add_column(heading, overflow="fold")
    for each in shown[:_ROWS]:
        style = "dim" if each.excused else "red" if each.outcome is Outcome.FAILED else "yellow"
        what = f"{each.sentence} ({each.excused})" if each.excused else each.sentence
        alert = each.alert.value if each.outcome is Outcome.FAILED and not each.excused else ""
        table.add_row(each.device, each.check, each.part, each.outcome.value, alert, what, style=style)
    for device, why in sorted(report.left_out.items()):
        table.add_row(device, "", "", "not looked at", "", why, style="dim")
    out.print(table)
    if len(shown) > _ROWS:
        complain(f"and {len(shown) - _ROWS:,} more; --format json has them all")
