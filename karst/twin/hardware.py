"""What is broken in the servers' hardware: data, kept in a file, changed only by `karst twin hardware`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from karst.files import write_private
from karst.site.problems import nearest, one_of
from karst.twin.state import Json


class Defects(BaseModel):
    """What is wrong with one server. Parts go by the ids that its BMC has in Redfish's newer form (`Fan3`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    supplies_absent: tuple[str, ...] = ()  # pulled: no load, no input
    fans_dead: tuple[str, ...] = ()  # stand still
    inlet_c: Annotated[float, Field(ge=-40, le=100)] | None = None
    sensors_lost: tuple[Literal["Inlet", "Exhaust"], ...] = ()  # its own resource answers 404, others tell nothing
    memory_absent: tuple[str, ...] = ()
    memory_without_ecc: tuple[str, ...] = ()
    drives_failed: tuple[str, ...] = ()
    links_down: tuple[str, ...] = ()
    firmware: dict[str, str] = {}  # component (`BMC`, `BIOS`) -> version


SOUND = Defects()

Parts = Mapping[str, Mapping[str, Sequence[str]]]  # server -> key of Defects -> what there is to name
CHANGES: TypeAdapter[dict[str, Defects | None]] = TypeAdapter(dict[str, Defects | None])


class Hardware:
    """Defects by server; one that is not there is sound."""

    def __init__(self, path: Path) -> None:
        """Raises pydantic's ValidationError if the file holds no defects."""
        self._path = path
        kept = CHANGES.validate_json(path.read_bytes()) if path.exists() else {}
        self.defects: dict[str, Defects] = {name: each for name, each in kept.items() if each is not None}

    def of(self, server: str) -> Defects:
        """What is wrong with a server."""
        return self.defects.get(server, SOUND)

    def body(self) -> Json:
        """As JSON, what is sound left out."""
        return {name: each.model_dump(exclude_defaults=True, mode="json") for name, each in self.defects.items()}

    def change(self, raw: bytes, parts: Parts) -> set[str]:
        """Put the given defects in place of those of the servers named, none for null; the servers named.

        ValueError, and no change, if a server or part is unknown.
        """
        wanted = CHANGES.validate_json(raw)
        for name, defects in wanted.items():
            if name not in parts:
                raise ValueError(f"there is no server {name}{nearest(name, list(parts))}")
            for key, known in parts[name].items():
                for part in getattr(defects or SOUND, key):
                    if part not in known:
                        raise ValueError(f"{name} has no {part} for {key}; expected {one_of(known, 'parts')}")
        self.defects = {
            name: each for name, each in {**self.defects, **wanted}.items() if each is not None and each != SOUND
        }
        write_private(self._path, orjson.dumps(self.body(), option=orjson.OPT_INDENT_2))
        return set(wanted)
