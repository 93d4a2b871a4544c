"""`karst twin …`: the twin of this clone, by hand. `karst up` starts it of itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from karst.cli import twin_network
from karst.cli.console import Format, Ticker, out, say
from karst.cli.twin_control import FormatOption, control, print_body, sentences
from karst.files import write_private
from karst.plan.network.fabric import fabric
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.twin.device import devices
from karst.twin.factory import delivery_note
from karst.twin.home import TwinError
from karst.twin.hosts_seed import host_seats
from karst.twin.network.devices import switch_seats
from karst.workspace import paths, pulumi, ssh, twin, workspace

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="""The twin: BMCs, rack PDUs and a Kubernetes control plane on this machine, that answer as real ones do.

    `karst up` starts it of itself. What follows is for whoever wants to see or change what the twin takes for real:

    - `karst twin status` says what hangs, runs and was asked of each device;

    - `karst twin fault '{"device": "*-s01", "status": 503, "times": 2}'` makes BMCs slow, mute or wrong;

    - `karst twin hardware` breaks fans, memory, sensors, or pulls a power supply;

    - `karst twin time ntp-4 --offset-s 5` makes a time source wrong;

    - `karst twin ups ups-a --on-battery` takes the mains from a UPS;

    - `karst twin feed B` loses a path of power, `karst twin cabling` moves a cord or swaps two controllers;

    - `karst twin fail switch spine-01` and `karst twin heal` break and mend switches, cables, carriers, entrances;

    - `karst twin network`, `karst twin cables` and `karst twin trace` show the network as it is;

    - `karst twin deliver` writes the assets.csv of a site that the twin is to imitate.

    Pulumi learns of all this only by looking. More in docs/twin.md.
    """,
)

SiteArgument = Annotated[str, typer.Argument(help="Name of a site, a folder of sites/.", metavar="SITE")]
FileOption = Annotated[Path | None, typer.Option("--file", help="JSON; - reads standard input.", allow_dash=True)]


for _command in (
    twin_network.fail,
    twin_network.heal,
    twin_network.cables,
    twin_network.trace,
    twin_network.network,
):
    app.command()(_command)


@app.command()
def up(
    site: SiteArgument = "lab",
    hall: Annotated[list[str] | None, typer.Option(help="Only this hall; may be given more than once.")] = None,
) -> None:
    """Start the twin of SITE in the background, and wait until it is ready. Does nothing if it runs."""
    with sentences():
        place = paths.find()
        made = plan(load(place.site(site), place.hardware))
        authority = made.site.place.services.certificate_authority
        room = workspace.load_or_create(place, site, authority.common_name, authority.organisation)
        with Ticker("twin") as ticker:
            ssh.write(place, host_seats(made) | switch_seats(fabric(made)), room.ports["ssh"])
            twin.ensure(room, made, frozenset(hall or ()), pulumi.environment(place), ticker.tell)
            if made.site.clusters.clusters:
                twin.await_kubernetes(place, ticker.tell)
        say("twin", _sentence(control().status(devices=False)))


@app.command()
def down() -> None:
    """End the twin and all that it started. Its state stays; `karst down` removes it."""
    with sentences():
        place = paths.find()
        with Ticker("twin") as ticker:
            ended = twin.stop(place, ticker.tell)
        say("twin", "ended" if ended else "no twin runs")


@app.command()
def status(style: FormatOption = Format.TABLE) -> None:
    """How the twin is: every device, its power, what was asked of it; its network. Exit code 1 if none runs."""
    with sentences():
        found, network = control().status(), control().network_devices()
        if style is Format.JSON:
            print_body({**found, "network": {**found["network"], "seen": network}})
            return
        say("twin", _sentence(found))
        out.print(_table(found["devices"]))
        if network:
            out.print()
            out.print(twin_network.devices_table(network))


def _sentence(found: dict[str, Any]) -> str:
    plane = found["control_plane"]
    kubernetes = {"off": "no Kubernetes"}.get(plane["state"], f"Kubernetes {plane['state']}")
    hosts = found["hosts"]
    living = f"{hosts['running']} hosts" if hosts["state"] == "ready" else f"no hosts ({hosts['message']})"
    return (
        f"{found['site']}: {found['servers']} servers ({found['servers_on']} on), {found['rack_pdus']} rack PDUs, "
        f"{living}, {kubernetes}; process {found['pid']}, port {found['port']}"
    )


def _table(found: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for heading in ("device", "shape", "address", "power", "host"):
        table.add_column(heading, no_wrap=True)
    for heading in ("watts", "requests", "writes", "resets"):
        table.add_column(heading, justify="right")
    for name, device in found.items():
        power = "dark" if device["dark"] else device["power"]
        host = device.get("host", {}).get("state", "")
        requests = sum(device["requests"].values())
        counts = (f"{device['watts']:.0f}", str(requests), str(device["writes"]), str(device.get("resets", "")))
        table.add_row(name, device["shape"], device["address"], power, host, *counts)
    return table


@app.command()
def deliver(
    site: SiteArgument = "lab",
    write: Annotated[bool, typer.Option(help="Write the site's assets.csv instead of printing it.")] = False,
) -> None:
    """Print the delivery note of the twin's devices, as vendors send it: sites/SITE/assets.csv.

    The twin's factory makes serial number, UUID, MAC address and certificate of a device from its name alone, so the
    note is the same on every machine and can be committed. A real site has its vendors' note instead.
    """
    with sentences():
        place = paths.find()
        folder = place.site(site)
        made = plan(load(folder, place.hardware))
        note = delivery_note(sorted(device.name for device in devices(made)))
        if not write:
            sys.stdout.write(note)
            return
        write_private(folder / "assets.csv", note, mode=0o644)
        say("twin", f"wrote {folder / 'assets.csv'}")


@app.command()
def fault(
    rule: Annotated[
        list[str] | None, typer.Argument(metavar="RULE", help="Rules, each a JSON object; see above.")
    ] = None,
    file: FileOption = None,
    clear: Annotated[bool, typer.Option("--clear", help="End all faults.")] = False,
) -> None:
    """Show the faults in force, or put others in their place.

    A rule says where: `device`, `path`, `method` (globs; all unless given). What: `delay_s`, `status`, `body` (merged
    into what a GET answers), `reset` (the connection), `hang`, `lost` (acts, but never answers). How often: `after`,
    `times`, `probability`, `seed`, `per_device`.

    Examples: `karst twin fault '{"device": "h1-r1-02-*", "delay_s": 1}'` for slow BMCs;
    `karst twin fault '{"probability": 0.1, "status": 503}'` for busy ones, a tenth of the time;
    `karst twin fault '{"device": "h1-r1-01-s03", "hang": true}'` for a mute one; `karst twin fault --clear`.
    """
    with sentences():
        found = control()
        rules = [_parsed(text) for text in rule or []]
        if file is not None:
            read = _read(file)
            rules += read if isinstance(read, list) else [read]
        if rules or clear:
            found.set_faults(rules)
        print_body(found.faults())


@app.command()
def cabling(file: FileOption = None) -> None:
    """Show what is cabled as built, or change some of it; what is not named stays.

    Examples, each to `karst twin cabling --file -`:
    `{"cords": {"h1-r1-01-s01": {"PSU1": ["h1-r1-01-pdu-a", "24"]}}}` puts a cord into another outlet, `null` in place
    of the pair pulls it; `{"addresses": {"h1-r1-01-s01": "127.64.0.2", "h1-r1-01-s02": "127.64.0.1"}}` swaps two
    controllers. The plan knows nothing of it: `karst plan` shows what should be, this what is.
    """
    with sentences():
        found = control()
        if file is not None:
            found.change_cabling(_read(file))
        print_body(found.cabling())


@app.command()
def hardware(file: FileOption = None) -> None:
    """Show what is broken in the servers' hardware, or break and mend some; servers not named stay as they are.

    Keys: `supplies_absent`, `fans_dead`, `memory_absent`, `memory_without_ecc`, `drives_failed`, `links_down`,
    `sensors_lost` (`Inlet`, `Exhaust`), `inlet_c`, `firmware` (`BMC`, `BIOS`: a version). What is given for a server
    takes the place of all that was broken there; `null` mends it.

    Example, to `karst twin hardware --file -`:
    `{"h1-r1-01-s01": {"fans_dead": ["Fan3"], "inlet_c": 41}, "h1-r1-01-s02": null}`.
    """
    with sentences():
        found = control()
        if file is not None:
            found.change_hardware(_read(file))
        print_body(found.hardware())


@app.command()
def time(
    source: Annotated[str | None, typer.Argument(help="A time source of site.yml.", metavar="SOURCE")] = None,
    offset_s: Annotated[float, typer.Option(help="Seconds that it is ahead, or behind if negative.")] = 0.0,
    lost: Annotated[bool, typer.Option("--lost", help="It answers nobody.")] = False,
) -> None:
    """Show the site's time sources as they answer the hosts, or make one wrong; without an option, right again.

    Hosts notice when they ask next, every minute at first and every quarter of an hour later.
    Examples: `karst twin time ntp-4 --offset-s 5`; `karst twin time ntp-4`.
    """
    with sentences():
        found = control()
        if source is not None:
            found.change_time_sources({source: {"offset_s": offset_s, "lost": lost}})
        print_body(found.time_sources())


@app.command()
def ups(
    name: Annotated[str | None, typer.Argument(help="A UPS of power.yml.", metavar="UPS")] = None,
    on_battery: Annotated[bool, typer.Option("--on-battery", help="It is not fed.")] = False,
    runtime_s: Annotated[
        float | None, typer.Option(help="Seconds that its battery lasts from now; as power.yml has it unless given.")
    ] = None,
    unobserved: Annotated[bool, typer.Option("--unobserved", help="Its NUT server has lost sight of it.")] = False,
) -> None:
    """Show the site's UPSes as their NUT servers tell the hosts, or change one; without an option, it is fed and full.

    A battery is low for its last three minutes. When all batteries of a path are empty the path is lost, until one of
    its UPSes is fed again. Examples: `karst twin ups ups-a --on-battery`;
    `karst twin ups ups-b --on-battery --runtime-s 240`; `karst twin ups ups-a`.
    """
    with sentences():
        found = control()
        if name is not None:
            change = {"on_battery": on_battery, "runtime_s": runtime_s, "unobserved": unobserved}
            found.change_upses({name: change})
        print_body(found.upses())


@app.command()
def feed(
    name: Annotated[str, typer.Argument(help="A distribution path (A, B) or a rack PDU.", metavar="FEED")],
    alive: Annotated[bool, typer.Option("--alive/--dead", help="Restore it, or lose it.")] = False,
) -> None:
    """Lose or restore the power of a distribution path or of one rack PDU.

    Servers with a live cord left run on; others are off at once and their BMCs silent. When power is back, each does
    what its power restore policy says. Examples: `karst twin feed B`; `karst twin feed B --alive`;
    `karst twin feed h1-r1-02-pdu-a`.
    """
    with sentences():
        control().feed(name, alive)
        say("twin", f"{name} is {'alive' if alive else 'dead'}")


def _read(file: Path) -> Any:  # JSON of any form
    try:
        return _parsed(sys.stdin.read() if str(file) == "-" else file.read_text())
    except (OSError, UnicodeDecodeError) as fault:
        raise TwinError(f"{file} cannot be read: {fault}") from None


def _parsed(text: str) -> Any:  # JSON of any form
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as wrong:
        raise TwinError(f"not JSON: {wrong}") from None
