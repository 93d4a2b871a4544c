"""What was last seen of a device, in full and in the short form that the state keeps.

The state keeps only what differs from the inputs beside it, so that a thousand servers stay small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from karst.provider.model import PduArgs, Power, ServerArgs
from karst.site.base import Status

Record = Mapping[str, Any]

# In a record: nothing tells what is installed. A URL it is not.
_UNKNOWN = "unknown"

# A transition counts as the state it leads to: whoever began it need not begin it again.
_GOALS: Mapping[str, Power] = {"On": "On", "PoweringOn": "On", "Off": "Off", "PoweringOff": "Off", "Paused": "On"}


def goal(power: str | None) -> Power | None:
    """The state that Redfish's PowerState is, or leads to."""
    return _GOALS.get(power or "")


@dataclass(frozen=True, slots=True)
class SeenServer:
    """A server. Settings are those that are declared, by the maker's names; a missing one the BMC does not have."""

    generation: int  # of the credential that opened it; 0: the factory's
    power: Power
    asset_tag: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)  # in effect
    staged: Mapping[str, str] = field(default_factory=dict)  # after the next reset
    image: str | None = None  # installed: its URL, "" for none; None where nothing tells
    installing: bool = False  # by a run that was cut short: the declared image is still in the virtual drive


@dataclass(frozen=True, slots=True)
class SeenPdu:
    """A rack PDU."""

    generation: int
    outlets_off: tuple[str, ...] = ()


def wanted_power(server: ServerArgs) -> Power:
    """What `power` and status together ask for."""
    return "Off" if server.status is Status.OFFLINE else server.power


def record_server(server: ServerArgs, seen: SeenServer) -> dict[str, Any]:
    """The short form, beside the inputs `server`."""
    record: dict[str, Any] = {"power": seen.power, "generation": seen.generation}
    if server.asset_tag is not None and seen.asset_tag != server.asset_tag:
        record["asset_tag"] = seen.asset_tag or ""
    for name, values in (("settings", seen.settings), ("staged", seen.staged)):
        differing = {key: values.get(key, "") for key, value in server.settings.items() if values.get(key) != value}
        if differing:
            record[name] = differing
    if server.image is not None and seen.image != server.image:
        record["image"] = _UNKNOWN if seen.image is None else seen.image
    if seen.installing:
        record["installing"] = True
    return record


def recall_server(server: ServerArgs, record: Record | None) -> SeenServer | None:
    """The full form again, from the inputs `server` that the record lies beside; None if it was never seen."""
    if not record or goal(record.get("power")) is None:
        return None
    image = record.get("image", server.image)
    return SeenServer(
        generation=int(record.get("generation", 0)),
        power="On" if record["power"] == "On" else "Off",
        asset_tag=record.get("asset_tag", server.asset_tag),
        settings={**server.settings, **record.get("settings", {})},
        staged={**server.settings, **record.get("staged", {})},
        image=None if image == _UNKNOWN else image,
        installing=record.get("installing") is True,
    )


def server_as_seen(server: ServerArgs, seen: SeenServer) -> ServerArgs:
    """The inputs that would describe what was seen: what differs from `server` is drift."""
    return replace(
        server,
        power=server.power if seen.power == wanted_power(server) else seen.power,
        asset_tag=None if server.asset_tag is None else (seen.asset_tag or ""),
        settings={name: seen.staged.get(name, "") for name in server.settings},
    )


def record_pdu(pdu: PduArgs, seen: SeenPdu) -> dict[str, Any]:
    """The short form, beside the inputs `pdu`."""
    record: dict[str, Any] = {"generation": seen.generation}
    if sorted(pdu.outlets_off) != sorted(seen.outlets_off):
        record["outlets_off"] = sorted(seen.outlets_off)
    return record


def recall_pdu(pdu: PduArgs, record: Record | None) -> SeenPdu | None:
    """The full form again; None if it was never seen."""
    if not record or "generation" not in record:
        return None
    return SeenPdu(int(record["generation"]), tuple(sorted(record.get("outlets_off", pdu.outlets_off))))


def pdu_as_seen(pdu: PduArgs, seen: SeenPdu) -> PduArgs:
    """The inputs that would describe what was seen."""
    same = sorted(pdu.outlets_off) == sorted(seen.outlets_off)
    return pdu if same else replace(pdu, outlets_off=sorted(seen.outlets_off))
