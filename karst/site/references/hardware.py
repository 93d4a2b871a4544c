"""Checks between a spec and the device type that it is of."""

from __future__ import annotations

from collections import Counter

from karst.site.draft import Draft
from karst.site.hardware import DeviceType, RackPduSpec, ServerSpec, SpecFile
from karst.site.problems import Problems, nearest, one_of
from karst.site.read import Document


def check_hardware(draft: Draft, problems: Problems) -> None:
    """Pass: every spec's device type exists and has the sockets that the spec speaks of."""
    known = frozenset(draft.device_types)
    for slug, document in draft.specs.items():
        if slug not in known:
            what = f'there is no device type "{slug}"'
            expected = one_of(known, "device types") + nearest(slug, known)
            problems.error(document.file, document.line("device_type"), what, expected)
            continue
        device_type, spec = draft.device_types[slug].model, document.model
        if device_type and spec and spec.server:
            _server(document, spec.server, device_type, problems)
        if device_type and spec and spec.rack_pdu:
            _rack_pdu(document, spec.rack_pdu, device_type, problems)


def _server(document: Document[SpecFile], spec: ServerSpec, device_type: DeviceType, problems: Problems) -> None:
    """Pass: what is needed is no more than what is there."""
    for field, needed, there in (
        ("psus_needed", spec.psus_needed, len(device_type.power_ports)),
        ("fans_needed", spec.fans_needed, spec.fans),
        ("idle_w", spec.idle_w, spec.budget_w),
    ):
        if needed > there:
            where = document.line("server", field)
            problems.error(document.file, where, f"server.{field} is {needed:g}", f"at most {there:g}")


def _rack_pdu(document: Document[SpecFile], spec: RackPduSpec, device_type: DeviceType, problems: Problems) -> None:
    """Pass: the branches share out the type's outlets, each to one branch."""
    outlets = [outlet.name for outlet in device_type.power_outlets]
    times = Counter(outlet for branch in spec.branches.values() for outlet in branch.outlets)
    for name, branch in spec.branches.items():
        where = document.line("rack_pdu", "branches", name)
        for outlet in branch.outlets:
            if outlet not in outlets:
                what = f'branch {name}: {document.model.device_type if document.model else ""} has no outlet "{outlet}"'
                problems.error(document.file, where, what, one_of(outlets, "outlets of the device type"))
            elif times[outlet] > 1:
                what = f'branch {name}: outlet "{outlet}" is in {times[outlet]} branches'
                problems.error(document.file, where, what, "every outlet in one branch")
    missing = [outlet for outlet in outlets if outlet not in times]
    if missing:
        where = document.line("rack_pdu", "branches")
        problems.error(
            document.file, where, f"outlets in no branch: {', '.join(missing)}", "every outlet in one branch"
        )
