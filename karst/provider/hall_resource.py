"""The hall as the engine sees it: a list of racks that lets none with active servers vanish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from karst.provider.faults import Fault, faults_of, path_of
from karst.provider.model import HallArgs
from karst.provider.outcome import Result

_ADAPTER = TypeAdapter(HallArgs)


def check(olds: Mapping[str, Any] | None, news: Mapping[str, Any]) -> list[Fault]:
    """Every fault of new inputs: of form, and a rack with active servers that would vanish."""
    try:
        new = _ADAPTER.validate_python(dict(news))
    except ValidationError as error:
        return faults_of(error)
    if not olds:
        return []
    faults = []
    if olds.get("name") not in (None, new.name):
        faults.append(Fault("name", f"a hall is not renamed: it is {olds['name']!r}"))
    for name, active in (olds.get("racks") or {}).items():
        if active and name not in new.racks:
            reason = f"has {active} active servers and would vanish: set them to decommissioning first, then remove it"
            faults.append(Fault(path_of("racks", name), reason))
    return faults


def result(inputs: Mapping[str, Any]) -> Result:
    """A hall is what it was declared to be."""
    return Result(str(inputs["name"]), {"name": inputs["name"], "racks": inputs.get("racks") or {}}, inputs)


def paths(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, str]:
    """Property path -> add, delete or update."""
    before, after = olds.get("racks") or {}, news.get("racks") or {}
    found = {path_of("racks", name): "delete" for name in before.keys() - after.keys()}
    found |= {path_of("racks", name): "add" for name in after.keys() - before.keys()}
    return found | {
        path_of("racks", name): "update" for name in before.keys() & after.keys() if before[name] != after[name]
    }
