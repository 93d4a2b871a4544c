"""Reads resources of one BMC and remembers which it would not show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from karst.redfish.client import Client
from karst.redfish.errors import LoginRefusedError, RefusedError
from karst.redfish.resource import Resource


@dataclass(slots=True)
class Reader:
    """What the BMC refuses becomes a gap; that it falls silent is raised, for then nothing of it counts."""

    bmc: Client
    gaps: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str | None, section: str) -> Resource | None:
        """A resource; None, and a gap in `section`, if there is no link to it or the BMC refuses."""
        if path is None:
            self.gap(section, "the BMC does not offer it")
            return None
        try:
            return await self.bmc.get(path)
        except LoginRefusedError:
            raise
        except RefusedError as fault:
            self.gap(section, _short(path, fault))
            return None

    async def members(self, path: str | None, section: str) -> dict[str, Resource] | None:
        """The members of a collection by id; None, and a gap, as with `get`.

        A member that is refused is there with an empty body: it exists, and nothing is known of it.
        """
        if path is None:
            self.gap(section, "the BMC does not offer it")
            return None
        refused: dict[str, RefusedError] = {}
        try:
            found = await self.bmc.members(path, refused=refused)
        except LoginRefusedError:
            raise
        except RefusedError as fault:
            self.gap(section, _short(path, fault))
            return None
        members = {each.text("Id") or name_of(each.path): each for each in found}
        for member, refusal in refused.items():
            name = name_of(member)
            self.gap(f"{section}.{name}", _short(member, refusal))
            members[name] = Resource(member, {})
        return members

    def gap(self, section: str, why: str) -> None:
        """Remember why something was not read; the first reason counts."""
        self.gaps.setdefault(section, why)


def _short(path: str, fault: RefusedError) -> str:
    return f"{path} was refused with {fault.status}"


def name_of(path: str) -> str:
    """The last step of a path."""
    return path.rstrip("/").rpartition("/")[2]


def state(resource: Resource) -> dict[str, Any]:
    """`state` and `health` of anything that has a Status."""
    return {"state": resource.text("Status", "State"), "health": resource.text("Status", "Health")}


def number(value: Any) -> float | None:
    """A number, or the reading of a sensor excerpt `{"Reading": …}`; None for what is neither."""
    if isinstance(value, dict):
        value = value.get("Reading")
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """The same, as a whole number."""
    found = number(value)
    return None if found is None else int(found)
