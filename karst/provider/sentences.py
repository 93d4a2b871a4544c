"""What a preview says of each device that differs, as sentences: plain `pulumi preview` names only the rack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from karst.provider.differences import Differences, devices_of
from karst.provider.faults import path_of
from karst.provider.model import DeviceArgs, RackArgs, wire
from karst.site.base import Status

# A change to a whole hall is seen from a few of its servers; each of a thousand is `pulumi preview --diff`.
_DEVICES = 10
_ABSENT = "nothing"


def named(found: Differences, old: RackArgs, new: RackArgs) -> list[str]:
    """A sentence a device of `new` with a property that is not as declared: what it is, and what is declared."""
    before, after = devices_of(old), devices_of(new)
    sentences = []
    for name in sorted(before.keys() & after.keys()):
        group = path_of("pdus" if name in new.pdus else "servers", name)
        prefixes = tuple(f"{group}{sign}" for sign in ".[")
        paths = {path.removeprefix(group).lstrip(".") for path in found.paths if path.startswith(prefixes)}
        if parts := [text for key, text in _differing(before[name], after[name]) if key in paths]:
            sentences.append(f"{name}: {'; '.join(parts)}")
    if len(sentences) > _DEVICES:
        sentences[_DEVICES:] = [f"and {len(sentences) - _DEVICES} more; --diff names each"]
    return sentences


def _differing(old: DeviceArgs, new: DeviceArgs) -> Iterator[tuple[str, str]]:
    """Property path and sentence of each property, a setting being one of its own."""
    before, after = dict(_flat(wire(old))), dict(_flat(wire(new)))
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield key, f"{key} is {_text(before.get(key))}, declared {_text(after.get(key))}"


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if key == "settings":
            yield from ((path_of(key, name), inner) for name, inner in value.items())
        else:
            yield key, value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _ABSENT
    return _ABSENT if value in (None, "") else str(value)


def hurts(found: Differences, leaving: Iterable[str], new: RackArgs) -> Iterator[str]:
    """What an update would do that somebody may feel; `leaving` are servers that are powered off as they leave."""
    by_power = {
        what: sorted(name for name, steps in found.steps.items() if steps.power == what) for what in ("off", "reset")
    }
    off = [*by_power["off"], *sorted(leaving)]
    installs = sorted(name for name, steps in found.steps.items() if steps.install)
    outlets = sorted(path for path in found.paths if path.endswith("outlets_off"))
    counted = ((off, "powered off"), (by_power["reset"], "reset"), (installs, "installed"))
    for names, what in (*counted, (outlets, "changed in its outlets")):
        if names:
            yield f"{len(names)} to be {what}: {', '.join(names)}"
    for name in sorted(new.servers.keys() & found.visit - found.steps.keys()):
        if new.servers[name].status is not Status.ACTIVE:
            yield f"{name} is {new.servers[name].status.value} and may be reset"


def waiting(found: Differences) -> Iterator[str]:
    """What waits for consent."""
    for names, what, key in (
        (found.pending, "reset", "allow_reset"),
        (found.reinstall_pending, "reinstallation", "allow_reinstall"),
    ):
        if names:
            count = f"{len(names)} {what}{'s' if len(names) > 1 else ''} pending"
            yield f"{count}: {', '.join(names)} (karst:{key} consents to it)"
