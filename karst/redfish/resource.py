"""A Redfish resource as read: its path, ETag and body, with tolerant access to what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Credential:
    """A user of a BMC. The password is kept out of the repr, and so out of logs."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Credential(user={self.user!r})"


@dataclass(frozen=True, slots=True)
class Resource:
    """What a GET brought."""

    path: str
    body: Mapping[str, Any]
    etag: str | None = None

    def at(self, *keys: str) -> Any:
        """The value at a path of keys, None where something on the way is missing."""
        value: Any = self.body
        for key in keys:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value

    def text(self, *keys: str) -> str | None:
        """The same, if it is a string."""
        value = self.at(*keys)
        return value if isinstance(value, str) else None

    def link(self, *keys: str) -> str | None:
        """The path that a link names."""
        return link(self.at(*keys))

    def links(self, *keys: str) -> tuple[str, ...]:
        """The paths that a list of links names."""
        value = self.at(*keys)
        found = (link(each) for each in value) if isinstance(value, list) else ()
        return tuple(each for each in found if each)

    def action(self, name: str) -> str | None:
        """The target of an action, `#ComputerSystem.Reset`."""
        return self.text("Actions", name, "target")


def link(value: Any) -> str | None:
    """The path in a link object `{"@odata.id": …}`."""
    path = value.get("@odata.id") if isinstance(value, dict) else None
    return path if isinstance(path, str) and path.startswith("/") else None
