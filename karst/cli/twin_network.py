"""`karst twin fail`, `heal`, `cables`, `trace`, `network`: the twin's network, broken and mended by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from karst.cli.console import Format, out, say
from karst.cli.twin_control import FormatOption, control, print_body, sentences
from karst.plan.network.fabric import Fabric, fabric
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.site.problems import nearest
from karst.twin.client import Control
from karst.twin.home import TwinError
from karst.twin.network.devices import carriers_of_entrance
from karst.workspace import paths, workspace

_KINDS = ("cable", "switch", "carrier", "entrance")
KindArgument = Annotated[str, typer.Argument(help=f"What: {', '.join(_KINDS)}.", metavar="KIND")]
NameArgument = Annotated[
    str, typer.Argument(help="Its name; of a cable its label, or one end, `h1-r1-leaf-a:swp1`.", metavar="NAME")
]
SilentOption = Annotated[
    bool, typer.Option("--silent", help="A switch: its links stay up, it forwards and says nothing.")
]
WithdrawOption = Annotated[bool, typer.Option("--withdraw", help="A carrier: its link stays up, its default goes.")]


def fail(
    kind: KindArgument, name: NameArgument, silent: SilentOption = False, withdraw: WithdrawOption = False
) -> None:
    """Break a part of the network, as it would break in the cavern; `karst twin heal` mends it.

    Examples: `karst twin fail cable h1-r1-leaf-a:swp1`; `karst twin fail switch spine-01 --silent`;
    `karst twin fail carrier carrier-1 --withdraw`; `karst twin fail entrance east`.
    """
    with sentences():
        found = control()
        found.change_network(_change(found, kind, name, silent, withdraw, broken=True))
        say("twin", f"{kind} {name} {'is silent' if silent else 'has failed'}")


def heal(
    kind: Annotated[str | None, typer.Argument(help=f"What: {', '.join(_KINDS)}.", metavar="KIND")] = None,
    name: Annotated[str | None, typer.Argument(help="Its name, as for `fail`.", metavar="NAME")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of the network is as planned again.")] = False,
) -> None:
    """Mend a part of the network that was broken, whatever was broken of it; with --all the whole.

    Examples: `karst twin heal switch spine-01`; `karst twin heal --all`.
    """
    with sentences():
        found = control()
        if everything:
            found.change_network({"mend": True})
            say("twin", "the network is as planned")
            return
        if kind is None or name is None:
            raise typer.BadParameter("say what is to be mended, or --all")
        # At once: a carrier that gets its power back and its default does not start without it.
        silent, withdraw = kind == "switch", kind == "carrier"
        power = _change(found, kind, name, silent=False, withdraw=False, broken=False)
        found.change_network(power | _change(found, kind, name, silent, withdraw, broken=False))
        say("twin", f"{kind} {name} is mended")


def cables(
    swap: Annotated[tuple[str, str] | None, typer.Option(help="Two ends whose cables change places.")] = None,
    speed_gbps: Annotated[
        tuple[str, int] | None, typer.Option(help="An end, and what it is to say of its speed.")
    ] = None,
    style: FormatOption = Format.TABLE,
) -> None:
    """Show the cables as built, or put some where they should not be; `karst twin heal --all` puts all back.

    Examples: `karst twin cables --swap h1-r1-01-s01:eth0 h1-r1-01-s02:eth0`;
    `karst twin cables --speed-gbps h1-r1-leaf-a:swp1 10`.
    """
    with sentences():
        found = control()
        if swap is not None:
            found.change_network({"swap": list(swap)})
        if speed_gbps is not None:
            found.change_network({"speeds_gbps": {speed_gbps[0]: speed_gbps[1]}})
        body = found.network()
        if style is Format.JSON:
            print_body(body)
            return
        table = _table("label", "a", "b", "cable")
        for each in body["cables"]:
            table.add_row(each["label"], each["a"], each["b"], "whole" if each["whole"] else "cut")
        out.print(table)


def trace(
    source: Annotated[str, typer.Argument(help="A host or a switch.", metavar="SOURCE")],
    target: Annotated[str, typer.Argument(help="Another, or an address.", metavar="TARGET")],
    port: Annotated[int, typer.Option(help="Of the flow's target; another port may go another way.")] = 443,
    style: FormatOption = Format.TABLE,
) -> None:
    """Show the way that a flow takes, as each kernel on it decides. Exit code 1 if it does not arrive.

    Examples: `karst twin trace h1-r1-01-s01 h1-r1-03-s04`; `karst twin trace h1-r1-01-s01 203.0.113.1 --port 80`.
    """
    with sentences():
        found = control().trace(source, target, port)
        if style is Format.JSON:
            print_body(found)
        else:
            table = _table("hop", "device", "goes out by")
            for number, hop in enumerate(found["hops"], 1):
                table.add_row(str(number), hop["device"], hop["interface"])
            out.print(table)
            if not found["arrives"]:
                say("twin", found["fault"])
        if not found["arrives"]:
            raise typer.Exit(1)


def network(style: FormatOption = Format.TABLE) -> None:
    """Show every device of the network: power, BGP's sessions of those planned, its routes in the kernel."""
    with sentences():
        found = control().network_devices()
        if style is Format.JSON:
            print_body(found)
            return
        out.print(devices_table(found))


def devices_table(found: dict[str, dict[str, Any]]) -> Table:
    """Return a row for each device of the network."""
    table = _table("device", "role", "power", "sessions", "routes")
    for name, each in found.items():
        power = "silent" if each["silent"] else each["power"]
        sessions = f"{each['sessions']} of {each['sessions_planned']}"
        table.add_row(name, each["role"], power, sessions, str(each["routes"]))
    return table


def _change(found: Control, kind: str, name: str, silent: bool, withdraw: bool, *, broken: bool) -> dict[str, Any]:
    if kind == "cable":
        return {"cut": {_label(found, name): broken}}
    if kind == "switch":
        return {"silent" if silent else "off": {name: broken}}
    if kind == "carrier":
        return {"withdrawn" if withdraw else "off": {name: broken}}
    if kind == "entrance":
        return {"off": dict.fromkeys(_lost_with(name), broken)}
    raise TwinError(f"there is no kind {kind}{nearest(kind, list(_KINDS))}; there are {', '.join(_KINDS)}")


def _label(found: Control, name: str) -> str:
    """Return the label of a cable that is named by it or by one of its ends as built."""
    if "--" in name:
        return name
    built = (each["label"] for each in found.network()["cables"] if name in (each["a"], each["b"]))
    return next(built, name)


def _lost_with(entrance: str) -> Iterator[str]:
    made = _fabric()
    entrances = {carrier.entrance for carrier in made.plan.site.network.carriers.values()}
    if entrance not in entrances:
        raise TwinError(f"no carrier comes by an entrance {entrance}{nearest(entrance, sorted(entrances))}")
    yield from carriers_of_entrance(made, entrance)


def _fabric() -> Fabric:
    place = paths.find()
    return fabric(plan(load(place.site(workspace.load(place).site), place.hardware)))


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    return table
