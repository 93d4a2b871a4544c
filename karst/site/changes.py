"""A rack's devices: its pattern's, with what `racks:` changes for this one rack."""

from __future__ import annotations

from collections.abc import Mapping

from karst.site.base import Status
from karst.site.racks import DeviceChange, Pattern, RackChange, RowOfRacks, Server

_NONE = RackChange()


def servers_of(pattern: Pattern, change: RackChange | None = None) -> Mapping[str, Server]:
    """Return the servers of a rack by their short name: the pattern's, changed, and those that only this rack has.

    A new server without device type or u is left out. Settings add to the pattern's. Status is not looked at.
    """
    servers = dict(pattern.servers)
    for name, changed in (change or _NONE).servers.items():
        server = _changed(servers.get(name), changed)
        if server is not None:
            servers[name] = server
    return servers


def _changed(server: Server | None, change: DeviceChange) -> Server | None:
    fields: dict[str, object] = {
        name: value
        for name in ("device_type", "u", "role", "image", "hold")
        if (value := getattr(change, name)) is not None
    }
    if server is not None:
        return server.model_copy(update={**fields, "settings": {**server.settings, **(change.settings or {})}})
    if change.device_type is None or change.u is None:
        return None
    return Server.model_validate({**fields, "settings": change.settings or {}})


def status_of(row: RowOfRacks, pattern: Pattern, change: RackChange | None, device: str) -> Status:
    """Return a device's status: the nearest that is said, of device, rack, pattern and row; `active` if none is."""
    changes = (change.servers.get(device) or change.pdus.get(device)) if change else None
    declared = pattern.servers.get(device) or pattern.pdus.get(device)
    said = (
        changes.status if changes else None,
        change.status if change else None,
        declared.status if declared and "status" in declared.model_fields_set else None,
        row.status,
    )
    return next((status for status in said if status is not None), Status.ACTIVE)
