"""What a BMC remembers, in sections; each is stored as a whole, so that a change is one write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pydantic import TypeAdapter

Json = dict[str, Any]


@dataclass(slots=True)
class Power:
    """Power of a server. `until` is the time (seconds since the epoch) at which `goal` is reached; 0 when at rest.

    `state` is a Redfish PowerState. `goal` names what happens at `until`: On, Off, Restart, Cycle.
    """

    section: ClassVar[str] = "power"
    state: str = "Off"
    goal: str = ""
    until: float = 0.0
    restore_policy: str = "LastState"
    lit: bool = True  # whether power reached the server when last looked at
    was_on: bool = False  # when power was last lost
    # Counted here because they must survive a crash as the power state does.
    resets: int = 0
    power_ons: int = 0
    power_offs: int = 0  # asked for, not those for want of power


@dataclass(slots=True)
class Boot:
    """The boot override."""

    section: ClassVar[str] = "boot"
    enabled: str = "Disabled"
    target: str = "None"
    mode: str = "UEFI"
    http_uri: str = ""
    last: str = ""  # what the last start booted from


@dataclass(slots=True)
class Bios:
    """Attributes that differ from the factory's, now and after the next start. `reset` : all go back first."""

    section: ClassVar[str] = "bios"
    attributes: Json = field(default_factory=dict)
    pending: Json = field(default_factory=dict)
    reset: bool = False


@dataclass(slots=True)
class Account:
    """A user of the BMC. `verifier` is a salted hash; empty for the factory's own password."""

    user: str
    role: str = "Administrator"
    enabled: bool = True
    salt: str = ""
    verifier: str = ""
    failures: int = 0
    failed_at: float = 0.0
    locked_until: float = 0.0


@dataclass(slots=True)
class Accounts:
    """All users by id, and the rules of lockout."""

    section: ClassVar[str] = "accounts"
    users: dict[str, Account] = field(default_factory=dict)
    next_id: int = 2
    threshold: int = 5
    lockout_s: int = 300
    counter_reset_s: int = 300
    min_length: int = 8


@dataclass(slots=True)
class Certificate:
    """The HTTPS certificate in use (empty: the factory's) and the key made for a signing request, both PEM."""

    section: ClassVar[str] = "certificate"
    certificate: str = ""
    key: str = ""
    requested_key: str = ""


@dataclass(slots=True)
class Media:
    """What is in the virtual drives, by id."""

    section: ClassVar[str] = "media"
    slots: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Disk:
    """What is on a server's disk: the URL of the image installed, empty for none; and of one being installed."""

    section: ClassVar[str] = "disk"
    image: str = ""
    installing: str = ""


@dataclass(slots=True)
class Entry:
    """One event."""

    id: int
    at: float
    severity: str
    message: str
    message_id: str


@dataclass(slots=True)
class Log:
    """The event log, oldest first; the oldest fall out at 200."""

    section: ClassVar[str] = "log"
    entries: list[Entry] = field(default_factory=list)
    next_id: int = 1


@dataclass(slots=True)
class Task:
    """A change that takes a while: what is to be done, and when."""

    id: str
    operation: str
    arguments: Json
    created: float
    due: float
    state: str = "Running"
    ended: float = 0.0
    error: Json | None = None  # why it failed
    # What the request would have answered at once: by way of which resource, how, and what it made.
    path: str = ""
    status: int = 204
    made: str = ""


@dataclass(slots=True)
class Tasks:
    """Changes under way and lately done."""

    section: ClassVar[str] = "tasks"
    tasks: dict[str, Task] = field(default_factory=dict)
    next_id: int = 1


@dataclass(slots=True)
class Settings:
    """Plain writable properties that differ from the factory's, by resource path and dotted property."""

    section: ClassVar[str] = "settings"
    values: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Outlets:
    """Of a rack PDU: outlets switched off, breakers that tripped or were opened."""

    section: ClassVar[str] = "outlets"
    off: list[str] = field(default_factory=list)
    tripped: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    cycling: list[str] = field(default_factory=list)  # those of `off` that come back by themselves


Section = TypeVar("Section", Power, Boot, Bios, Accounts, Certificate, Media, Disk, Log, Tasks, Settings, Outlets)
AnySection = Power | Boot | Bios | Accounts | Certificate | Media | Disk | Log | Tasks | Settings | Outlets


_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def adapter(section: type[Section]) -> TypeAdapter[Section]:
    """What reads a section back from JSON."""
    if section.section not in _ADAPTERS:
        _ADAPTERS[section.section] = TypeAdapter(section)
    return _ADAPTERS[section.section]
