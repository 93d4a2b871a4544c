"""The network as built: which cable ends where, what is cut, off or silent. It starts as planned."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from karst.files import write_private
from karst.plan.network.model import Cable
from karst.site.problems import nearest
from karst.twin.state import Json

End = tuple[str, str]  # device and interface


class Change(BaseModel):
    """What becomes otherwise; what is not named stays.

    `off`, `silent` (devices), `withdrawn` (carriers) and `cut` (labels of cables): true or false. `swap`: two ends,
    `device:interface`, whose cables change places. `speeds_gbps`: what an end says of its speed, null for the truth.
    `mend`: all is as planned again, before the rest is done.
    """

    model_config = ConfigDict(extra="forbid")

    mend: bool = False
    off: dict[str, bool] = {}
    silent: dict[str, bool] = {}
    withdrawn: dict[str, bool] = {}
    cut: dict[str, bool] = {}
    swap: tuple[str, str] | None = None
    speeds_gbps: dict[str, int | None] = {}


class _Kept(BaseModel):
    off: set[str] = set()
    silent: set[str] = set()
    withdrawn: set[str] = set()
    cut: set[str] = set()
    moved: dict[str, str] = {}  # both ends of each cable that does not end where it should
    speeds_gbps: dict[str, int] = {}


class Built:
    """As built, kept in the file `path`. `devices` and `carriers` are the names that a change may use."""

    def __init__(self, path: Path, cables: Iterable[Cable], devices: Iterable[str], carriers: Iterable[str]) -> None:
        """Raise ValueError for a file that is none."""
        self._path = path
        self.planned = {cable.label: cable for cable in cables}
        self._devices, self._carriers = set(devices), set(carriers)
        self._ends: dict[str, tuple[str, str]] = {}  # end -> its planned other end and the cable's label
        for cable in self.planned.values():
            a, b = _text((cable.a.device, cable.a.interface)), _text((cable.b.device, cable.b.interface))
            self._ends |= {a: (b, cable.label), b: (a, cable.label)}
        kept = _Kept.model_validate_json(path.read_bytes()) if path.exists() else _Kept()
        # What the plan has no longer is no longer broken.
        self.kept = _Kept(
            off=kept.off & self._devices,
            silent=kept.silent & self._devices,
            withdrawn=kept.withdrawn & self._carriers,
            cut=kept.cut & self.planned.keys(),
            moved=kept.moved if {*kept.moved, *kept.moved.values()} <= self._ends.keys() else {},
            speeds_gbps={end: speed for end, speed in kept.speeds_gbps.items() if end in self._ends},
        )

    def cables(self) -> list[tuple[End, End, bool]]:
        """Return every cable as built, its ends in order, and whether it is whole."""
        found = {}
        for end, (other, label) in self._ends.items():
            far = self.kept.moved.get(end, other)
            first, last = sorted((end, far))
            found[first, last] = label not in self.kept.cut
        return [(_end(a), _end(b), whole) for (a, b), whole in sorted(found.items())]

    def speeds_gbps(self, device: str) -> dict[str, int]:
        """Return what each interface of a device says of its speed."""
        return {
            _end(end)[1]: self.kept.speeds_gbps.get(end, self.planned[label].speed_gbps)
            for end, (_, label) in self._ends.items()
            if _end(end)[0] == device
        }

    def change(self, raw: bytes) -> None:
        """Take over a `Change`, as JSON. ValueError, and no change, for a name that is not there."""
        wanted = Change.model_validate_json(raw)
        new = _Kept() if wanted.mend else self.kept.model_copy(deep=True)
        for which, known in (
            ("off", self._devices),
            ("silent", self._devices),
            ("withdrawn", self._carriers),
            ("cut", self.planned.keys()),
        ):
            names: set[str] = getattr(new, which)
            for name, holds in getattr(wanted, which).items():
                _known("carrier" if which == "withdrawn" else "cable" if which == "cut" else "device", name, known)
                (names.add if holds else names.discard)(name)
        for end, speed in wanted.speeds_gbps.items():
            _known("end of a cable", end, self._ends)
            if speed is None:
                new.speeds_gbps.pop(end, None)
            else:
                new.speeds_gbps[end] = speed
        if wanted.swap:
            self._swap(new, *wanted.swap)
        self.kept = new
        write_private(self._path, new.model_dump_json(indent=2).encode())

    def body(self) -> Json:
        """Return every cable and all that is not as planned."""
        cables = [{"a": _text(a), "b": _text(b), "whole": whole} for a, b, whole in self.cables()]
        kept: Json = orjson.loads(self.kept.model_dump_json())
        return {
            "cables": cables,
            "labels": list(self.planned),
            **{name: sorted(v) if isinstance(v, list) else v for name, v in kept.items()},
        }

    def _swap(self, new: _Kept, one: str, other: str) -> None:
        for end in (one, other):
            _known("end of a cable", end, self._ends)
        far = {end: new.moved.get(end, self._ends[end][0]) for end in (one, other)}
        if far[one] == other:
            raise ValueError(f"{one} and {other} are the two ends of one cable")
        for near, there in ((one, far[other]), (other, far[one])):
            new.moved |= {near: there, there: near}
        new.moved = {end: there for end, there in new.moved.items() if self._ends[end][0] != there}


def _known(what: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise ValueError(f"there is no {what} {name}{nearest(name, list(names))}")


def _text(end: End) -> str:
    return f"{end[0]}:{end[1]}"


def _end(text: str) -> End:
    device, _, interface = text.partition(":")
    return device, interface
