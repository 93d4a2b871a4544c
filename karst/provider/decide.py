"""What has to be done to a device that was seen: pure, and the same for a preview, a diff and an update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from karst.provider.model import DeviceArgs, PduArgs, ServerArgs
from karst.provider.seen import SeenPdu, SeenServer, wanted_power
from karst.site.base import Status

# Of these Karst takes care; the others it leaves alone entirely.
MANAGED = frozenset({Status.STAGED, Status.ACTIVE, Status.OFFLINE})


def managed(device: DeviceArgs) -> bool:
    """Whether the device is to be as declared."""
    return device.status in MANAGED and device.hold is None


def watched(device: DeviceArgs) -> bool:
    """Whether the device is read: a held one is, and never written."""
    return device.status in MANAGED


@dataclass(frozen=True, slots=True)
class ServerSteps:
    """What a server needs. `pending`: settings that wait for a reset, or a power-off, which is not consented to."""

    asset_tag: str | None = None
    stage: Mapping[str, str] = field(default_factory=dict)
    power: Literal["on", "off", "reset"] | None = None
    waiting: tuple[str, ...] = ()  # settings that are not in effect yet
    pending: bool = False
    install: bool = False  # which brings a start with it
    reinstall_pending: bool = False  # it has another image, or one that nobody knows, and that is not consented to

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return self.asset_tag is not None or bool(self.stage) or self.power is not None or self.install


def decide_server(server: ServerArgs, seen: SeenServer, consent: bool, reinstall: bool = False) -> ServerSteps:
    """What `server` needs, given `consent` to reset it or power it off although it is active.

    `reinstall` consents to the loss of what is on its disk.
    """
    if not managed(server):
        return ServerSteps()
    stage = {name: value for name, value in server.settings.items() if seen.staged.get(name) != value}
    waiting = tuple(name for name, value in server.settings.items() if seen.settings.get(name) != value)
    may_stop = consent or server.status is not Status.ACTIVE
    power: Literal["on", "off", "reset"] | None = None
    pending = False
    if wanted_power(server) == "Off":
        # What waits comes into effect when it is powered on next.
        if seen.power == "On":
            power, pending = ("off", False) if may_stop else (None, True)
    elif seen.power == "Off":
        power = "on"
    elif waiting:
        power, pending = ("reset", False) if may_stop else (None, True)
    install, reinstall_pending = _decide_image(server, seen, reinstall)
    if install:
        power, pending = None, False
    tag = server.asset_tag if server.asset_tag is not None and seen.asset_tag != server.asset_tag else None
    return ServerSteps(tag, stage, power, waiting, pending, install, reinstall_pending)


def _decide_image(server: ServerArgs, seen: SeenServer, reinstall: bool) -> tuple[bool, bool]:
    """Whether to install now, and whether an installation waits for consent. Only what is to carry tenants has a host.

    Without consent only a disk known to be empty is written, of a server that is off or about to be installed anyway.
    """
    if server.image is None or server.status is not Status.ACTIVE or wanted_power(server) == "Off":
        return False, False
    if seen.image == server.image:
        return seen.installing, False  # what is left of it: the installer is still in the drive
    empty = seen.image == "" and (seen.power == "Off" or seen.installing)
    return (True, False) if empty or reinstall else (False, True)


@dataclass(frozen=True, slots=True)
class PduSteps:
    """Outlets to switch."""

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.on or self.off)


def decide_pdu(pdu: PduArgs, seen: SeenPdu) -> PduSteps:
    """What `pdu` needs."""
    if not managed(pdu):
        return PduSteps()
    wanted, are = set(pdu.outlets_off), set(seen.outlets_off)
    return PduSteps(on=tuple(sorted(are - wanted)), off=tuple(sorted(wanted - are)))
