"""What a server's host shall do, and how it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto

from karst.twin.bmc import Bmc
from karst.twin.hosts_seed import HostSeat


class Wish(Enum):
    """What a server's host shall do."""

    OFF = auto()  # the power is cut
    HALT = auto()  # an orderly shutdown
    RUN = auto()
    INSTALL = auto()


@dataclass(slots=True)
class Host:
    """A server's host: the newest wish, and what has become of it."""

    bmc: Bmc
    seat: HostSeat
    wish: Wish = Wish.OFF
    turn: int = 0  # counts wishes: the same one again is another
    running: bool = False
    doomed: bool = False  # it runs, and was told to end
    fault: str = ""
    worker: asyncio.Task[None] | None = None
    stirred: asyncio.Event = field(default_factory=asyncio.Event)  # a new wish, or the end of the host
