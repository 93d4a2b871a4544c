"""The as-built truth: which outlet each power port hangs on, and which device answers at which address.

It starts as planned and from then on changes only by `karst twin cabling`; a new plan adds devices, moves none.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson

from karst.files import write_private
from karst.twin.device import Device
from karst.twin.state import Json


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

    def change(self, body: Json, outlets: dict[str, frozenset[str]]) -> None:
        """Take over changed cords and addresses: {"cords": {server: {port: [pdu, outlet] | null}}, "addresses": {…}}.

        `outlets` names the outlets of each PDU. ValueError, and no change, if a name is unknown, an outlet would
        feed two ports, or an address would belong to two devices.
        """
        cords = {name: dict(ends) for name, ends in self.cords.items()}
        for name, ends in body.get("cords", {}).items():
            if name not in cords:
                raise ValueError(f"there is no device {name}")
            for port, end in ends.items():
                if end is None:
                    cords[name].pop(port, None)
                elif end[1] not in outlets.get(end[0], frozenset()):
                    raise ValueError(f"there is no outlet {end[1]} at {end[0]}")
                else:
                    cords[name][port] = (end[0], end[1])
        addresses = dict(self.addresses)
        for name, address in body.get("addresses", {}).items():
            if name not in addresses:
                raise ValueError(f"there is no device {name}")
            addresses[name] = address
        _distinct("address", addresses.values())
        _distinct("outlet", (end for ends in cords.values() for end in ends.values()))
        self.cords, self.addresses = cords, addresses
        self.save()


def _distinct(what: str, values: Iterable[object]) -> None:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value} would be used twice")
        seen.add(value)
