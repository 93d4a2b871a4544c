"""The hall as the engine sees it: a list of racks that lets none with active servers vanish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from karst.provider.faults import Fault, faults_of, path_of
from karst.provider.model import HallArgs
from karst.provider.outcome import Context, Result

NEEDS: tuple[str, ...] = ()
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


async def create(inputs: Mapping[str, Any], context: Context, preview: bool) -> Result:
    """A hall is what it was declared to be."""
    del context, preview
    return _result(inputs)


async def read(name: str, inputs: Mapping[str, Any], state: Mapping[str, Any], context: Context) -> Result:
    """The same."""
    del context
    return _result(inputs or {"name": name, **state})


async def update(
    olds: Mapping[str, Any], state: Mapping[str, Any], inputs: Mapping[str, Any], context: Context, preview: bool
) -> Result:
    """The same."""
    del olds, state, context, preview
    return _result(inputs)


async def delete(inputs: Mapping[str, Any], state: Mapping[str, Any], context: Context) -> None:
    """There is nothing to be done: what guards active servers is the check."""
    del inputs, state, context


def _result(inputs: Mapping[str, Any]) -> Result:
    return Result(str(inputs["name"]), {"name": inputs["name"], "racks": inputs.get("racks") or {}}, inputs)


def diff(
    olds: Mapping[str, Any], state: Mapping[str, Any], news: Mapping[str, Any], context: Context
) -> Mapping[str, str]:
    """Property path -> add, delete or update."""
    del state, context
    before, after = olds.get("racks") or {}, news.get("racks") or {}
    found = {path_of("racks", name): "delete" for name in before.keys() - after.keys()}
    found |= {path_of("racks", name): "add" for name in after.keys() - before.keys()}
    return found | {
        path_of("racks", name): "update" for name in before.keys() & after.keys() if before[name] != after[name]
    }
