"""The as-built truth: which outlet each power port hangs on, and which device answers at which address.

It starts as planned and from then on changes only by `karst twin cabling`; a new plan adds devices, moves none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict

from karst.files import write_private
from karst.site.problems import nearest
from karst.twin.device import Device
from karst.twin.state import Json

Names = Mapping[str, Collection[str]]


def _loopback(address: IPv4Address) -> IPv4Address:
    if not address.is_loopback:
        raise ValueError("the twin has addresses in 127.0.0.0/8 only")
    return address


class Rewiring(BaseModel):
    """A change: a server's power port -> [rack PDU, outlet], or null to pull the cord; a device -> its address."""

    model_config = ConfigDict(extra="forbid")

    cords: dict[str, dict[str, tuple[str, str] | None]] = {}
    addresses: dict[str, Annotated[IPv4Address, AfterValidator(_loopback)]] = {}


class Cabling:
    """`cords`: server -> power port -> (PDU, outlet). `addresses`: device -> loopback address."""

    def __init__(self, path: Path, devices: Iterable[Device]) -> None:
        self._path = path
        self.cords: dict[str, dict[str, tuple[str, str]]] = {}
        self.addresses: dict[str, str] = {}
        kept = orjson.loads(path.read_bytes()) if path.exists() else {"cords": {}, "addresses": {}}
        taken = set(kept["addresses"].values())
        for device in devices:
            address = kept["addresses"].get(device.name)
            if address is None:
                if device.address in taken:
                    raise ValueError(f"{path}: {device.address}, planned for {device.name}, is taken as built")
                address = device.address
            self.addresses[device.name] = address
            cords = kept["cords"].get(device.name)
            if cords is None:
                cords = {cord.power_port: (cord.pdu, cord.outlet) for cord in device.cords}
            self.cords[device.name] = {port: (end[0], end[1]) for port, end in cords.items()}
        if self.body() != kept:
            self.save()

    def body(self) -> Json:
        """As JSON; devices without cords are left out of `cords`."""
        return {
            "cords": {
                name: {port: list(end) for port, end in cords.items()} for name, cords in self.cords.items() if cords
            },
            "addresses": dict(self.addresses),
        }

    def save(self) -> None:
        """Write the file."""
        write_private(self._path, orjson.dumps(self.body(), option=orjson.OPT_INDENT_2))

    def change(self, raw: bytes, ports: Names, outlets: Names) -> None:
        """Take over changed cords and addresses, JSON as docs/twin.md has it.

        `ports` names the power ports of each server, `outlets` the outlets of each PDU. ValueError, and no change, if
        a name is unknown, an outlet would feed two ports, or an address would belong to two devices.
        """
        wanted = Rewiring.model_validate_json(raw)
        cords = {name: dict(ends) for name, ends in self.cords.items()}
        for name, ends in wanted.cords.items():
            _known("server", name, ports)
            for port, end in ends.items():
                _known("power port", port, ports[name], f" at {name}")
                if end is None:
                    cords[name].pop(port, None)
                    continue
                _known("rack PDU", end[0], outlets)
                _known("outlet", end[1], outlets[end[0]], f" at {end[0]}")
                cords[name][port] = end
        addresses = dict(self.addresses)
        for name, address in wanted.addresses.items():
            _known("device", name, addresses)
            addresses[name] = str(address)
        _distinct("address", addresses.values())
        _distinct("outlet", (f"{pdu} {outlet}" for ends in cords.values() for pdu, outlet in ends.values()))
        self.cords, self.addresses = cords, addresses
        self.save()


def _known(what: str, name: str, names: Collection[str], where: str = "") -> None:
    if name not in names:
        raise ValueError(f"there is no {what} {name}{where}{nearest(name, names)}")


def _distinct(what: str, values: Iterable[object]) -> None:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value} would be used twice")
        seen.add(value)
