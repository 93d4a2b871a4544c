"""Checks of the devices that a pattern or a single rack holds: their types, their places, their settings."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from karst.site.draft import Draft
from karst.site.hardware import ServerSpec, SpecKind
from karst.site.problems import Problems, nearest, one_of
from karst.site.racks import Server
from karst.site.read import Document
from karst.site.references.refer import Path, refer
from karst.site.sentences import place


def check_pdu_type(draft: Draft, path: Path, device_type: str, problems: Problems) -> None:
    """Pass: the type is that of a rack PDU, and takes no rack unit."""
    if not check_type(draft, draft.racks, path, device_type, SpecKind.RACK_PDU, problems):
        return
    model = draft.device_types[device_type].model
    if model and model.u_height > 0:
        where = draft.racks.line(*path)
        what = f"device type {device_type} is {model.u_height:g} units high, in a zero-U slot"
        problems.error(draft.racks.file, where, what, "a rack PDU of height 0")


def check_servers(
    draft: Draft,
    path: Path,
    height_u: int,
    servers: Mapping[str, Server],
    problems: Problems,
    touched: frozenset[str] | None = None,
) -> None:
    """Pass: each server's type is known, it fits between the rack's units, no other is there, its settings exist.

    Only faults that concern a server in `touched` are told, if given: the rest is the pattern's.
    """
    units: dict[int, str] = {}
    for name, server in servers.items():
        here = (*path, "servers", name)
        concerned = touched is None or name in touched
        if concerned and check_type(
            draft, draft.racks, (*here, "device_type"), server.device_type, SpecKind.SERVER, problems
        ):
            _settings(draft, here, server, problems)
        if concerned and server.image is not None:
            images = draft.place.model.services.images if draft.place.model else None
            refer(draft.racks, (*here, "image"), server.image, "image", images, problems)
        document, spec = draft.device_types.get(server.device_type), draft.specs.get(server.device_type)
        if (
            document is None
            or document.model is None
            or (spec and spec.model and spec.model.kind is not SpecKind.SERVER)
        ):
            continue
        height = ceil(document.model.u_height)
        where = draft.racks.line(*here, "u")
        top = server.u + height - 1
        if concerned and (height < 1 or top > height_u):
            what = f"{place(here)}: {server.device_type} at u {server.u} reaches unit {top} of a rack of {height_u}"
            expected = f"a u from 1 to {height_u - height + 1}" if height >= 1 else "a server of at least one unit"
            problems.error(draft.racks.file, where, what, expected)
        for other in sorted({units[unit] for unit in range(server.u, top + 1) if unit in units}):
            if concerned or (touched and other in touched):
                span = f"unit {server.u}" if top == server.u else f"units {server.u} to {top}"
                what = f"{place(here)}: {span} overlap{'s' if top == server.u else ''} server {other}"
                problems.error(draft.racks.file, where, what, "a place of its own for every server")
        units.update((unit, name) for unit in range(server.u, top + 1) if unit not in units)


def check_type(
    draft: Draft, document: Document[Any], path: Path, device_type: str, kind: SpecKind, problems: Problems
) -> bool:
    """Pass: the device type is in the library, and its spec says that it is of this kind."""
    known = frozenset(draft.device_types)
    if not refer(document, path, device_type, "device type", known, problems):
        return False
    spec = draft.specs.get(device_type)
    where = document.line(*path)
    if spec is None:
        what = f"device type {device_type} has no spec"
        problems.error(document.file, where, what, f"a file hardware/spec/{device_type}.yml")
        return False
    # A spec whose kind and body differ is told of as such.
    if spec.model and spec.model.kind is not kind and getattr(spec.model, kind.value) is None:
        fitting = [slug for slug, other in draft.specs.items() if other.model and other.model.kind is kind]
        what = f"device type {device_type} is a {spec.model.kind.value}"
        problems.error(document.file, where, what, f"a {kind.value}: {one_of(fitting)}")
        return False
    return True


def _settings(draft: Draft, path: Path, server: Server, problems: Problems) -> None:
    """Pass: each setting is one that the spec can translate, with a value that the maker has a word for."""
    spec = draft.specs.get(server.device_type)
    known = spec.model.server if spec and spec.model else None
    for name, value in server.settings.items() if isinstance(known, ServerSpec) else ():
        where = draft.racks.line(*path, "settings", name)
        setting = known.settings.get(name) if known else None
        if known is not None and setting is None:
            what = f'{place(path)}: {server.device_type} has no setting "{name}"'
            problems.error(draft.racks.file, where, what, one_of(known.settings) + nearest(name, list(known.settings)))
        elif setting is not None and value not in setting.values:
            what = f'{place(path)}: setting {name} cannot be "{value}"'
            problems.error(draft.racks.file, where, what, one_of(setting.values) + nearest(value, list(setting.values)))
