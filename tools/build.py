"""Provide the tools that Karst drives: `python3 tools/build.py`. Builds what is neither cached nor on PATH."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cache
import found
import golang
import pins as pinned
from pins import Pin
from progress import Progress

EPILOG = """\
A copy on PATH is used instead of a build when its major and minor version are the pinned ones and its patch is the
pinned one or newer; KARST_TOOLS_BUILD=always builds regardless. Built tools are kept in $KARST_CACHE (default
~/.cache/karst), keyed by their pins: a changed pin builds that tool alone. Sources come through the `go` client as you
have configured it, so an air-gapped site needs a Go module mirror and nothing else. Safe to interrupt and to run twice.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: all tools are there; 1: a build failed or the machine lacks something; 2: wrong usage."""
    arguments = _parser().parse_args(argv)
    pins = pinned.load(arguments.pins)
    names = [pin.name for pin in pins]
    if unknown := sorted(set(arguments.only) - set(names)):
        sys.stderr.write(f"tools: no such tool: {', '.join(unknown)}; there are {', '.join(names)}\n")
        return 2
    tools = cache.root() / "tools"
    external = found.on_path(pins, tools)
    executables = _executables(pins, tools, external)
    if arguments.print_bin:
        sys.stdout.write(f"{cache.view_path(tools, executables)}\n")
        return 0
    if arguments.list or arguments.json:
        _list(pins, tools, external, as_json=arguments.json)
        return 0
    wanted = [pin for pin in pins if not arguments.only or pin.name in arguments.only]
    to_build = [pin for pin in wanted if pin.name not in external and not (tools / pin.key).exists()]
    if to_build and (lacks := golang.missing(to_build, tools)):
        sys.stderr.write("".join(f"tools: {lack}\n" for lack in lacks))
        return 1
    try:
        _build_all(to_build, tools)
    except golang.BuildError as error:
        sys.stderr.write(f"\ntools: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ntools: interrupted; what was finished is kept\n")
        return 130
    if not arguments.only:
        cache.make_view(tools, executables)
    return 0


def _build_all(pins: Sequence[Pin], tools: Path) -> None:
    progress = Progress(pins)
    for pin in pins:
        target = tools / pin.key
        with cache.locked(tools, pin.name, f"tools: waiting for another run that builds {pin.name}"):
            progress.begin(pin)
            if not target.exists():
                log = tools / f"{pin.name}.log"
                log.unlink(missing_ok=True)
                with cache.whole(target, pin.name) as fresh:
                    golang.build(pin, fresh, log, progress)
            progress.finish()


def _executables(pins: Sequence[Pin], tools: Path, external: dict[str, Path]) -> dict[str, Path]:
    executables: dict[str, Path] = {}
    for pin in pins:
        home = external[pin.name].parent if pin.name in external else tools / pin.key
        for name in (pin.name, *(Path(script.path).name for script in pin.scripts)):
            executables[name] = home / name
    return executables


def _list(pins: Sequence[Pin], tools: Path, external: dict[str, Path], *, as_json: bool) -> None:
    rows = []
    for pin in pins:
        built = (tools / pin.key).exists()
        source = "path" if pin.name in external else "cache" if built else "to build"
        where = str(external.get(pin.name, tools / pin.key))
        rows.append({"tool": pin.name, "version": pin.version, "source": source, "where": where})
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        for row in rows:
            sys.stdout.write(f"{row['tool']:28} {row['version']:10} {row['source']:9} {row['where']}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/build.py", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", action="append", default=[], metavar="TOOL", help="build this tool alone (repeatable)"
    )
    parser.add_argument("--list", action="store_true", help="show each tool, its version and where it comes from")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    parser.add_argument("--print-bin", action="store_true", help="print the folder that belongs on PATH, build nothing")
    parser.add_argument("--pins", type=Path, default=pinned.HERE / "pins.toml", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
