"""What differs between a rack as it is and as it is declared, as Pulumi's property paths: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from karst.provider.decide import ServerSteps, decide_pdu, decide_server, managed, watched
from karst.provider.faults import path_of
from karst.provider.model import DeviceArgs, PduArgs, RackArgs, ServerArgs
from karst.provider.seen import Record, recall_pdu, recall_server

Kind = Literal["add", "delete", "update"]

# These say how to work on the device, not how it shall be: a change is noted and nobody visits it.
_NOTED = frozenset({"branches", "failure_domain", "host"})
# These are compared with what was seen.
_SEEN = frozenset({"power", "asset_tag", "settings", "image", "outlets_off"})


@dataclass(slots=True)
class Differences:
    """`paths`: property path -> kind. `visit`: devices to work on. `steps`: what each server known needs."""

    paths: dict[str, Kind] = field(default_factory=dict)
    visit: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    steps: dict[str, ServerSteps] = field(default_factory=dict)

    @property
    def pending(self) -> list[str]:
        """Servers with a reset that waits for consent."""
        return sorted(name for name, steps in self.steps.items() if steps.pending)

    @property
    def reinstall_pending(self) -> list[str]:
        """Servers with an installation that waits for consent."""
        return sorted(name for name, steps in self.steps.items() if steps.reinstall_pending)


# Paths of outputs: all others are inputs.
OUTPUTS = ("failed", "observed")


def devices_of(rack: RackArgs) -> dict[str, DeviceArgs]:
    """PDUs and servers by name."""
    return {**rack.pdus, **rack.servers}


def compare(
    old: RackArgs, new: RackArgs, state: Mapping[str, Any], consent: Collection[str], reinstall: Collection[str] = ()
) -> Differences:
    """The differences between `old` inputs with the outputs `state` beside them, and `new` inputs.

    `consent` names servers that may be reset or powered off, `reinstall` those that may be installed anew.
    """
    found = Differences()
    if old.name != new.name:
        found.paths["name"] = "update"
    if old.credential_generation != new.credential_generation:
        found.paths["credential_generation"] = "update"
    observed, failed = state.get("observed") or {}, state.get("failed") or {}
    before, after = devices_of(old), devices_of(new)
    for name in sorted(before.keys() - after.keys()):
        found.paths[path_of(_group(before[name]), name)] = "delete"
        found.gone.add(name)
    for name, device in after.items():
        previous, record = before.get(name), observed.get(name)
        if previous is None or type(previous) is not type(device):
            found.paths[path_of(_group(device), name)] = "add"
            found.visit |= {name} if watched(device) else set()
            continue
        changed = list(_fields(previous, device))
        differing = list(_seen(name, previous, device, record, (name in consent, name in reinstall), found))
        for keys in (*((key,) for key in changed), *differing):
            found.paths[path_of(_group(device), name, *keys)] = "update"
        due = _due(name, device, record, new.credential_generation, name in failed)
        found.paths.update(due)
        if watched(device) and (due or differing or set(changed) - _NOTED):
            found.visit.add(name)
    return found


def _due(name: str, device: DeviceArgs, record: Record | None, generation: int, failed: bool) -> dict[str, Kind]:
    """Why a device is to be visited although it may look as declared; paths of outputs."""
    if failed and managed(device):
        return {path_of("failed", name): "delete"}
    if record is None:
        return {path_of("observed", name): "add"} if watched(device) and device.delivered else {}
    if managed(device) and record.get("generation") != generation:
        return {path_of("observed", name, "generation"): "update"}
    return {}


def _group(device: DeviceArgs) -> str:
    return "pdus" if isinstance(device, PduArgs) else "servers"


def _fields(old: DeviceArgs, new: DeviceArgs) -> Iterator[str]:
    for each in fields(new):
        if each.name not in _SEEN and _plain(getattr(old, each.name)) != _plain(getattr(new, each.name)):
            yield each.name


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _seen(
    name: str, old: DeviceArgs, new: DeviceArgs, record: Record | None, consent: tuple[bool, bool], found: Differences
) -> Iterator[tuple[str, ...]]:
    """Keys of what is not as declared, by what was seen last."""
    if not watched(new):
        return
    if isinstance(old, PduArgs) and isinstance(new, PduArgs):
        seen_pdu = recall_pdu(old, record)
        if seen_pdu is not None and decide_pdu(new, seen_pdu).any:
            yield ("outlets_off",)
    elif isinstance(old, ServerArgs) and isinstance(new, ServerArgs):
        seen = recall_server(old, record)
        if seen is None:
            return
        # A setting that was never declared was never looked at.
        steps = found.steps[name] = decide_server(new, seen, *consent)
        if steps.asset_tag is not None:
            yield ("asset_tag",)
        # A power-off that waits for consent is named when it is declared, and pending ever after.
        if steps.power in ("on", "off") or (managed(new) and old.power != new.power):
            yield ("power",)
        if steps.install or (managed(new) and old.image != new.image):
            yield ("image",)
        for setting in sorted({*steps.stage, *(steps.waiting if steps.power == "reset" else ())}):
            yield ("settings", setting)
