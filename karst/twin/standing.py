"""What stands though the plan no longer has it: a rack is carried out only when it is off.

So `up` can power off what was taken out of the site, as in the cavern, where a line less in a file moves no server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from karst.files import write_private
from karst.plan.model import Cord
from karst.site.hardware import DeviceType, SpecFile
from karst.twin.device import Device, shape_of
from karst.twin.state import Power, adapter
from karst.twin.store import Store


@dataclass(frozen=True, slots=True)
class _Built:
    """A device as it was built; its type by slug."""

    type: str
    address: str
    rack: str
    path: str = ""
    cords: tuple[Cord, ...] = ()


_FILE = TypeAdapter(dict[str, _Built])


def with_standing(
    planned: list[Device],
    path: Path,
    store: Store,
    types: Mapping[str, DeviceType],
    specs: Mapping[str, SpecFile],
) -> list[Device]:
    """The planned devices, and after them the racks' that were built before, are planned no more, and still have a
    server that is not off. `path` keeps what was built; a device whose type is gone goes with it.
    """
    before = _FILE.validate_json(path.read_bytes()) if path.exists() else {}
    taken = {device.name for device in planned} | {device.address for device in planned}
    gone = {
        name: built
        for name, built in before.items()
        if not taken & {name, built.address} and built.type in types and built.type in specs
    }
    running = {built.rack for name, built in gone.items() if _runs(store, name)}
    standing = {name: built for name, built in gone.items() if built.rack in running}
    made = [
        Device(
            name=name,
            shape=shape_of(built.type),
            address=built.address,
            type=types[built.type],
            spec=specs[built.type],
            rack=built.rack,
            cords=built.cords,
            path=built.path,
        )
        for name, built in standing.items()
    ]
    now = {
        each.name: _Built(each.type.slug, each.address, each.rack, each.path, each.cords) for each in (*planned, *made)
    }
    if now != before:
        write_private(path, orjson.dumps(_FILE.dump_python(now, mode="json")))
    return [*planned, *made]


def _runs(store: Store, name: str) -> bool:
    """Whether it is a server that is not off. A rack PDU has no power state of its own."""
    body = store.section(name, Power.section)
    return body is not None and adapter(Power).validate_json(body).state != "Off"
