"""The network as built: which cable ends where, what is cut, off or silent. It starts as planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict

from karst.files import write_private
from karst.plan.network.model import Cable
from karst.plan.network.model import End as CableEnd
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
    moved: dict[str, tuple[str, str]] = {}  # label of a cable -> where it ends, if not where it should
    speeds_gbps: dict[str, int] = {}


class Built:
    """As built, kept in the file `path`. `devices` and `carriers` are the names that a change may use."""

    def __init__(self, path: Path, cables: Iterable[Cable], devices: Iterable[str], carriers: Iterable[str]) -> None:
        """Raise ValueError for a file that is none."""
        self._path = path
        self.planned = {cable.label: cable for cable in cables}
        self._devices, self._carriers = set(devices), set(carriers)
        self._should = {label: (_text(cable.a), _text(cable.b)) for label, cable in self.planned.items()}
        ends = {end for both in self._should.values() for end in both}
        self._speeds = {end: self.planned[label].speed_gbps for label, both in self._should.items() for end in both}
        kept = _Kept.model_validate_json(path.read_bytes()) if path.exists() else _Kept()
        # What the plan has no longer is no longer broken.
        self.kept = _Kept(
            off=kept.off & self._devices,
            silent=kept.silent & self._devices,
            withdrawn=kept.withdrawn & self._carriers,
            cut=kept.cut & self.planned.keys(),
            # One without the others would have a port at the ends of two.
            moved=kept.moved if all(label in self.planned and {*b} <= ends for label, b in kept.moved.items()) else {},
            speeds_gbps={end: speed for end, speed in kept.speeds_gbps.items() if end in ends},
        )

    def cables(self) -> list[tuple[End, End, bool]]:
        """Return every cable as built, its ends in order, and whether it is whole."""
        found = []
        for label, ends in self._ends(self.kept):
            first, last = sorted(ends)
            found.append((_end(first), _end(last), label not in self.kept.cut))
        return sorted(found)

    def speeds_gbps(self, device: str) -> dict[str, int]:
        """Return what each interface of a device says of its speed."""
        return {
            _end(end)[1]: self.kept.speeds_gbps.get(end, planned)
            for end, planned in self._speeds.items()
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
            _known("end of a cable", end, self._speeds)
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
        cables = [
            {"label": label, "a": a, "b": b, "whole": label not in self.kept.cut}
            for label, (a, b) in self._ends(self.kept)
        ]
        kept: Json = orjson.loads(self.kept.model_dump_json())
        return {
            "cables": cables,
            "labels": list(self.planned),
            **{name: sorted(v) if isinstance(v, list) else v for name, v in kept.items()},
        }

    def _ends(self, kept: _Kept) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield every cable's label and where it ends as built."""
        return ((label, kept.moved.get(label, ends)) for label, ends in self._should.items())

    def _swap(self, new: _Kept, one: str, other: str) -> None:
        at = {end: (label, ends) for label, ends in self._ends(new) for end in ends}
        for end in (one, other):
            _known("end of a cable", end, at)
        (label, ends), (other_label, other_ends) = at[one], at[other]
        if label == other_label:
            raise ValueError(f"{one} and {other} are the two ends of one cable")
        new.moved[label] = _with(ends, one, other)
        new.moved[other_label] = _with(other_ends, other, one)
        new.moved = {label: ends for label, ends in new.moved.items() if ends != self._should[label]}


def _with(ends: tuple[str, str], one: str, other: str) -> tuple[str, str]:
    """Return a cable's ends with one of them elsewhere."""
    a, b = ends
    return (other, b) if a == one else (a, other)


def _known(what: str, name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise ValueError(f"there is no {what} {name}{nearest(name, list(names))}")


def _text(end: CableEnd) -> str:
    return f"{end.device}:{end.interface}"


def _end(text: str) -> End:
    device, _, interface = text.partition(":")
    return device, interface
