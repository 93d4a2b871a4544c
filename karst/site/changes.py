"""A rack's servers: its pattern's, with what `racks:` changes for this one rack."""

from __future__ import annotations

from collections.abc import Mapping

from karst.site.racks import DeviceChange, Pattern, RackChange, Server

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
        name: value for name in ("device_type", "u", "role", "hold") if (value := getattr(change, name)) is not None
    }
    if server is not None:
        return server.model_copy(update={**fields, "settings": {**server.settings, **(change.settings or {})}})
    if change.device_type is None or change.u is None:
        return None
    return Server.model_validate({**fields, "settings": change.settings or {}})
