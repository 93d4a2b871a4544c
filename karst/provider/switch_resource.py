"""The switch as the engine sees it: check, diff, create, read, update, delete."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from karst.provider.faults import Fault, faults_of
from karst.provider.model import SwitchArgs
from karst.provider.outcome import Context, Refused, Result
from karst.provider.switch_device import Device, SwitchError
from karst.provider.values import UNKNOWN

# What of the provider's configuration it cannot do without.
NEEDS: tuple[str, ...] = ("ssh_ca",)
_ADAPTER = TypeAdapter(SwitchArgs)
# More than fit on a screen or two nobody reads; `--diff` has all of it.
_LINES = 80


def parse(inputs: Mapping[str, Any]) -> SwitchArgs:
    """Checked inputs. Raises pydantic's ValidationError with every fault."""
    return _ADAPTER.validate_python(dict(inputs))


def check(olds: Mapping[str, Any] | None, news: Mapping[str, Any]) -> list[Fault]:
    """Every fault of new inputs."""
    try:
        new = parse(news)
    except ValidationError as error:
        return faults_of(error)
    if olds and olds.get("name") not in (None, new.name):
        return [Fault("name", f"a switch is not renamed: it is {olds['name']!r}; declare a new one beside it")]
    return []


def diff(
    olds: Mapping[str, Any], state: Mapping[str, Any], news: Mapping[str, Any], context: Context
) -> Mapping[str, str]:
    """Property path -> add, delete or update. What runs was read by a refresh, if anybody wanted that."""
    del state, context
    return {name: "update" for name in ("name", "endpoint", "configuration") if olds.get(name) != news.get(name)}


async def create(inputs: Mapping[str, Any], context: Context, preview: bool) -> Result:
    """Converge whatever runs on it. Raises Refused."""
    return await _converge(parse(inputs), context, preview)


async def update(
    olds: Mapping[str, Any], state: Mapping[str, Any], inputs: Mapping[str, Any], context: Context, preview: bool
) -> Result:
    """The same. Raises Refused."""
    del olds, state
    return await _converge(parse(inputs), context, preview)


async def read(name: str, inputs: Mapping[str, Any], state: Mapping[str, Any], context: Context) -> Result:
    """The inputs returned have what runs, so that what somebody changed by hand is drift. Raises Refused at import."""
    if not inputs:
        raise Refused(f"{name} is not imported: declare it, and `up` takes over whatever runs on it")
    args = parse(inputs)
    try:
        found = await _device(args, context).read()
    except SwitchError as fault:
        await context.warn(f"{fault}; what is known of it is what was")
        return Result(args.name, state, inputs)
    if found.pending:
        await context.warn(f"{args.name} has a change that nobody has confirmed yet")
    outputs = {"name": args.name, "sessions": state.get("sessions", found.sessions)}
    return Result(args.name, outputs, {**inputs, "configuration": found.running})


async def delete(inputs: Mapping[str, Any], state: Mapping[str, Any], context: Context) -> None:
    """Leave the device as it is, and say so."""
    del state
    await context.inform(f"{inputs.get('name')} is no longer Karst's, and goes on routing by what runs on it")


def unified(running: str, wanted: str) -> str:
    """The difference, a line each; nothing if there is none."""
    lines = list(difflib.unified_diff(running.splitlines(), wanted.splitlines(), "running", "declared", "", "", 2, ""))
    if len(lines) > _LINES:
        lines[_LINES:] = [f"… and {len(lines) - _LINES:,} lines more"]
    return "\n".join(lines)


async def _converge(args: SwitchArgs, context: Context, preview: bool) -> Result:
    device = _device(args, context)
    try:
        found = await device.read()
    except SwitchError as fault:
        if not preview:
            raise Refused(str(fault)) from fault
        await context.warn(f"{fault}; an update would fail")
    else:
        if difference := unified(found.running, args.configuration):
            # A new switch is given all of it: worth a look before, a line when it is done.
            is_new = "\nrouter bgp " not in found.running
            lines = args.configuration.count("\n")
            await context.inform(
                f"{args.name} routes nothing yet, and is given {lines} lines"
                if is_new and not preview
                else f"{args.name} runs another text than declared:\n{difference}"
            )
    if preview:
        return Result(args.name, {"name": args.name, "sessions": UNKNOWN})
    try:
        sessions = await device.push(args.configuration, context.configuration.rollback_after_s, context.tell)
    except SwitchError as fault:
        raise Refused(str(fault)) from fault
    return Result(args.name, {"name": args.name, "sessions": sessions})


def _device(args: SwitchArgs, context: Context) -> Device:
    settings = context.configuration
    config = Path(settings.ssh_config) if settings.ssh_config else None
    return Device(args.name, args.endpoint, settings.ssh_ca or "", config)
