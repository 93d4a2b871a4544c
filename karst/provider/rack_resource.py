"""The rack as the engine sees it: check, diff, create, read, update, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from karst.provider.config import BMCS
from karst.provider.decide import decide_server, managed, watched
from karst.provider.differences import Differences, compare, devices_of
from karst.provider.faults import Fault, faults_of, path_of
from karst.provider.model import DeviceArgs, PduArgs, RackArgs, ServerArgs, wire
from karst.provider.outcome import Context, PartialError, Refused, Result
from karst.provider.seen import (
    Record,
    SeenPdu,
    SeenServer,
    pdu_as_seen,
    recall_pdu,
    recall_server,
    record_pdu,
    record_server,
    server_as_seen,
)
from karst.provider.sentences import hurts, named, waiting
from karst.provider.sweep import Outcome, Seen, Sweep
from karst.provider.values import UNKNOWN
from karst.site.base import Status

NEEDS: tuple[str, ...] = BMCS  # of the provider's configuration
_ADAPTER = TypeAdapter(RackArgs)
_OUTPUTS = ("observed", "reset_pending", "reinstall_pending", "failed", "held", "servers_on")


def parse(inputs: Mapping[str, Any]) -> RackArgs:
    """Checked inputs. Raises pydantic's ValidationError with every fault."""
    return _ADAPTER.validate_python(dict(inputs))


def check(olds: Mapping[str, Any] | None, news: Mapping[str, Any]) -> list[Fault]:
    """Every fault of new inputs: of form, and an active server that would vanish."""
    try:
        new = parse(news)
    except ValidationError as error:
        return faults_of(error)
    faults = [*_twice(new)]
    if olds:
        try:
            old = parse(olds)
        except ValidationError:
            return faults  # written by an older version: nothing to compare with
        if old.name != new.name:
            faults.append(Fault("name", f"a rack is not renamed: it is {old.name!r}; declare a new one beside it"))
        for name, server in old.servers.items():
            if name not in new.servers and server.status is Status.ACTIVE:
                reason = (
                    "is active and would vanish: set its status to decommissioning or offline first, then remove it"
                )
                faults.append(Fault(path_of("servers", name), reason))
    return faults


def _twice(rack: RackArgs) -> Iterable[Fault]:
    seen: dict[str, str] = {}
    for name, device in devices_of(rack).items():
        other = seen.setdefault(device.endpoint, name)
        if other != name:
            group = "pdus" if isinstance(device, PduArgs) else "servers"
            yield Fault(path_of(group, name, "endpoint"), f"{device.endpoint} is {other}'s already")


def diff(
    olds: Mapping[str, Any], state: Mapping[str, Any], news: Mapping[str, Any], context: Context
) -> Mapping[str, str]:
    """Property path -> add, delete or update."""
    given = context.configuration
    return compare(parse(olds), parse(news), state, given.allow_reset, given.allow_reinstall).paths


@dataclass(slots=True)
class _Rack:
    """A rack under work: its inputs, and what is known of each device."""

    args: RackArgs
    context: Context
    observed: dict[str, Record]
    failed: dict[str, str]
    images: Mapping[str, str | None] = field(default_factory=dict)

    def sweep(self, generation: int | None = None) -> Sweep:
        target = self.args.credential_generation if generation is None else generation
        known = dict(self.observed)
        context = self.context
        return Sweep(
            context.configuration, context.bounds, target, known, context.warn, context.tell, images=self.images
        )

    def take(self, outcome: Outcome, args: RackArgs) -> None:
        """Note what came of it. A held device that cannot be read is no failure: nobody was to touch it."""
        devices = devices_of(args)
        for name, seen in outcome.seen.items():
            self.observed[name] = record(devices[name], seen)
            self.failed.pop(name, None)
        self.failed |= {name: why for name, why in outcome.failed.items() if managed(devices[name])}

    def outputs(self, args: RackArgs, found: Differences) -> dict[str, Any]:
        devices = devices_of(args)
        observed = {
            name: dict(self.observed[name]) for name, each in devices.items() if name in self.observed and watched(each)
        }
        return {
            "name": args.name,
            "observed": observed,
            "reset_pending": found.pending,
            "reinstall_pending": found.reinstall_pending,
            "failed": dict(sorted((name, why) for name, why in self.failed.items() if name in devices)),
            "held": sorted(name for name, each in devices.items() if each.hold is not None),
            "servers_on": sum(record.get("power") == "On" for record in observed.values()),
        }


def record(device: DeviceArgs, seen: Seen) -> dict[str, Any]:
    """The short form of what was seen of a device."""
    if isinstance(device, PduArgs) and isinstance(seen, SeenPdu):
        return record_pdu(device, seen)
    assert isinstance(device, ServerArgs)  # noqa: S101  # there is no third kind
    assert isinstance(seen, SeenServer)  # noqa: S101  # it came from this device
    return record_server(device, seen)


async def create(inputs: Mapping[str, Any], context: Context, preview: bool) -> Result:
    """Converge whatever is there. Raises PartialError."""
    args = parse(inputs)
    if preview:
        return Result(args.name, {"name": args.name, **dict.fromkeys(_OUTPUTS, UNKNOWN)})
    rack = _Rack(args, context, {}, {})
    wanted = {name: device for name, device in devices_of(args).items() if watched(device)}
    rack.take(await rack.sweep().converge(wanted), args)
    return await _end(rack, args, inputs)


async def update(
    olds: Mapping[str, Any], state: Mapping[str, Any], inputs: Mapping[str, Any], context: Context, preview: bool
) -> Result:
    """Work on the devices that differ, and no others. Raises PartialError."""
    old, args = parse(olds), parse(inputs)
    settings = context.configuration
    found = compare(old, args, state, settings.allow_reset, settings.allow_reinstall)
    if preview:
        await _warn(found, old, args, context)
        return Result(args.name, {"name": args.name, **dict.fromkeys(_OUTPUTS, UNKNOWN)})
    rack = _Rack(args, context, dict(state.get("observed") or {}), dict(state.get("failed") or {}), _images(old, state))
    devices = devices_of(args)
    leaving = {
        name: server for name, server in old.servers.items() if name in found.gone and _to_shut_down(server, context)
    }
    before = _Rack(old, context, rack.observed, {}, rack.images)
    gone, outcome = await asyncio.gather(
        before.sweep().shut_down(leaving), rack.sweep().converge({name: devices[name] for name in found.visit})
    )
    # What is declared no longer lies in no state: that it still runs must be said now or never.
    for name in gone.failed:
        await context.warn(f"{name} is no longer declared and could not be powered off")
    _rebase(rack, old, args)
    rack.take(outcome, args)
    return await _end(rack, args, inputs)


def _images(args: RackArgs, state: Mapping[str, Any]) -> dict[str, str | None]:
    """What the state beside these inputs has of each server's image."""
    observed = state.get("observed") or {}
    seen = {name: recall_server(server, observed.get(name)) for name, server in args.servers.items()}
    return {name: each.image for name, each in seen.items() if each is not None}


def _rebase(rack: _Rack, old: RackArgs, new: RackArgs) -> None:
    """Records lie beside the new inputs from now on."""
    before = devices_of(old)
    for name, device in devices_of(new).items():
        previous, known = before.get(name), rack.observed.get(name)
        if isinstance(previous, ServerArgs) and isinstance(device, ServerArgs):
            seen = recall_server(previous, known)
            if seen is not None:
                rack.observed[name] = record_server(device, seen)
        elif isinstance(previous, PduArgs) and isinstance(device, PduArgs):
            seen_pdu = recall_pdu(previous, known)
            if seen_pdu is not None:
                rack.observed[name] = record_pdu(device, seen_pdu)
        if not managed(device):
            rack.failed.pop(name, None)


async def read(name: str, inputs: Mapping[str, Any], state: Mapping[str, Any], context: Context) -> Result:
    """One sweep. The inputs returned describe what was seen, so that what differs from the declared ones is drift.

    Without inputs it is an import of the rack `name`: of its devices nothing is known until they are declared, and the
    update that adds them takes over whatever is there.
    """
    if not inputs:
        generation = context.configuration.credential_generation
        inputs = {"name": name, "credential_generation": generation, "servers": {}, "pdus": {}}
    args = parse(inputs)
    images = _images(args, state)
    rack = _Rack(args, context, dict(state.get("observed") or {}), dict(state.get("failed") or {}), images)
    wanted = {name: device for name, device in devices_of(args).items() if watched(device) and device.delivered}
    # A server that was never enrolled is enrolled by an update; reading it would only try credentials in vain.
    wanted = {name: device for name, device in wanted.items() if name in rack.observed or not managed(device)}
    outcome = await rack.sweep().read(wanted)
    consent = context.configuration.allow_reset
    servers = {
        name: _shown(server, seen, name in consent)
        if isinstance(seen := outcome.seen.get(name), SeenServer)
        else server
        for name, server in args.servers.items()
    }
    pdus = {
        name: pdu_as_seen(pdu, seen) if isinstance(seen := outcome.seen.get(name), SeenPdu) else pdu
        for name, pdu in args.pdus.items()
    }
    drifted = replace(args, servers=servers, pdus=pdus)
    _rebase(rack, args, drifted)
    failed_before = dict(rack.failed)
    rack.take(outcome, drifted)
    # To have been read heals no failed work: that the next update does.
    rack.failed = {**failed_before, **rack.failed}
    return await _end(rack, drifted, _as_seen(inputs, args, drifted), partial=False)


def _shown(server: ServerArgs, seen: SeenServer, consent: bool) -> ServerArgs:
    """The inputs that describe what was seen. A power-off that waits for consent is no drift: it is pending."""
    shown = server_as_seen(server, seen)
    return replace(shown, power=server.power) if decide_server(server, seen, consent).pending else shown


def _as_seen(inputs: Mapping[str, Any], args: RackArgs, drifted: RackArgs) -> dict[str, Any]:
    """The inputs, changed only where something drifted."""
    shown = dict(inputs)
    for group in ("servers", "pdus"):
        before, after = getattr(args, group), getattr(drifted, group)
        shown[group] = {
            name: {
                **given,
                **{key: value for key, value in wire(after[name]).items() if value != wire(before[name]).get(key)},
            }
            for name, given in (inputs.get(group) or {}).items()
        }
    return shown


def _to_shut_down(server: ServerArgs, context: Context) -> bool:
    """Only what is leaving, or in a twin; never what a person holds or what failed."""
    if server.hold is not None or not server.delivered:
        return False
    allowed = {
        Status.DECOMMISSIONING,
        *((Status.STAGED, Status.ACTIVE, Status.OFFLINE) if context.configuration.allow_destroy else ()),
    }
    return server.status in allowed


async def delete(inputs: Mapping[str, Any], state: Mapping[str, Any], context: Context) -> None:
    """Power off gracefully. Raises Refused before anything is touched, or naming what could not be powered off."""
    args = parse(inputs)
    rack = _Rack(args, context, dict(state.get("observed") or {}), {})
    active = sorted(name for name, server in args.servers.items() if server.status is Status.ACTIVE)
    if active and not context.configuration.allow_destroy:
        raise Refused(f"rack {args.name} has active servers ({', '.join(active)}): set them to decommissioning first")
    wanted = {
        name: server
        for name, server in args.servers.items()
        if _to_shut_down(server, context) and (name in rack.observed or server.status is Status.DECOMMISSIONING)
    }
    outcome = await rack.sweep().shut_down(wanted)
    if outcome.failed:
        raise Refused("; ".join(f"{name}: {why}" for name, why in sorted(outcome.failed.items())))


async def _end(rack: _Rack, args: RackArgs, inputs: Mapping[str, Any], partial: bool = True) -> Result:
    state = {"observed": rack.observed, "failed": {}}
    settings = rack.context.configuration
    found = compare(args, args, state, settings.allow_reset, settings.allow_reinstall)
    outputs = rack.outputs(args, found)
    for sentence in waiting(found):
        await rack.context.warn(sentence)
    if partial and (failed := outputs["failed"]):
        raise PartialError(Result(args.name, outputs, inputs), [f"{name}: {why}" for name, why in failed.items()])
    return Result(args.name, outputs, inputs)


async def _warn(found: Differences, old: RackArgs, new: RackArgs, context: Context) -> None:
    """At preview, name what differs and count what hurts."""
    for sentence in named(found, old, new):
        await context.inform(sentence)
    leaving = [name for name in found.gone & old.servers.keys() if _to_shut_down(old.servers[name], context)]
    for sentence in (*hurts(found, leaving, new), *waiting(found)):
        await context.warn(sentence)
