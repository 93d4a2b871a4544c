"""One BMC: a device, its shape, what it remembers, who is logged in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from karst.twin import factory
from karst.twin.device import Device
from karst.twin.hardware import Defects
from karst.twin.shapes import SHAPES, Shape
from karst.twin.state import AnySection, Entry, Log, Section, adapter

if TYPE_CHECKING:
    from karst.twin.tree import Tree
    from karst.twin.world import World

LOG_ENTRIES_MAX = 200


@dataclass(slots=True)
class Session:
    """A login. Sessions do not outlive the twin, as they do not outlive a real BMC's restart."""

    id: str
    token: str
    account: str  # id
    created: float
    used: float


@dataclass(slots=True)
class Counters:
    """What tests want to know of a BMC since the twin started. `concurrent_writers` is the most seen at once."""

    requests: dict[str, int] = field(default_factory=dict)  # by method
    writes: int = 0
    writing: dict[int, int] = field(default_factory=dict)  # connection -> open write requests
    concurrent_writers: int = 0
    logins: int = 0
    login_failures: int = 0

    def reset(self) -> None:
        """Count from zero; writes that are open stay counted as such."""
        self.requests.clear()
        self.writes = self.logins = self.login_failures = 0
        self.concurrent_writers = len(self.writing)


class Bmc:
    """State comes from the store when first asked for; what was never changed costs nothing."""

    __slots__ = (
        "_sections",
        "_stored",
        "counters",
        "dark_until",
        "device",
        "identity",
        "next_session",
        "sessions",
        "shape",
        "tree",
        "world",
    )

    def __init__(self, device: Device, tree: Tree, world: World, stored: dict[str, bytes]) -> None:
        self.device = device
        self.shape: Shape = SHAPES[device.shape]
        self.tree = tree
        self.world = world
        self.identity = factory.identity(device.name)
        self._stored = stored
        self._sections: dict[str, AnySection] = {}
        self.sessions: dict[str, Session] = {}  # by token
        self.next_session = 1
        self.counters = Counters()
        self.dark_until = 0.0  # the controller itself is starting until then

    @property
    def name(self) -> str:
        """The device's name."""
        return self.device.name

    @property
    def defects(self) -> Defects:
        """What is broken in its hardware."""
        return self.world.hardware.of(self.device.name)

    def get(self, section: type[Section]) -> Section:
        """A section of the state, as stored or as the factory made it. Call `changed` after changing it."""
        found = self._sections.get(section.section)
        if found is None:
            raw = self._stored.pop(section.section, None)
            found = section() if raw is None else adapter(section).validate_json(raw)
            self._sections[section.section] = found
        return found  # type: ignore[return-value]  # keyed by the class's own name

    def has(self, section: type[Section]) -> bool:
        """Whether the section was ever changed or read."""
        return section.section in self._sections or section.section in self._stored

    def changed(self, *sections: AnySection) -> None:
        """Write the sections before the next answer leaves."""
        for section in sections:
            self.world.store.put(self.name, section.section, orjson.dumps(section))

    def log(self, message: str, message_id: str, severity: str = "OK") -> None:
        """Append to the event log."""
        log = self.get(Log)
        log.entries.append(Entry(log.next_id, self.world.now(), severity, message, message_id))
        log.next_id += 1
        del log.entries[:-LOG_ENTRIES_MAX]
        self.changed(log)

    @property
    def dark(self) -> bool:
        """Whether nothing answers: no power reaches the device, or its controller is still starting."""
        return self.dark_until > self.world.now() or not self.world.electrics.alive(self.name)
