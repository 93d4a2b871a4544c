"""The site's UPSes: fed, on battery, low, empty; and what their batteries' end does to the paths behind them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from karst.files import write_private
from karst.site.power import Ups
from karst.site.problems import nearest
from karst.twin.state import Json

# What role power needs by its own defaults: 120 s until the last turn, 60 s to stop.
LOW_S = 180.0
# Line to line, as everywhere in the sites (IEC 60038).
_NOMINAL_V = 400
_DAY_S = 86400


class Outage(BaseModel):
    """What is wrong with a UPS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on_battery: bool = False
    runtime_s: Annotated[float, Field(gt=0, le=_DAY_S)] | None = None  # of the battery; None: as declared
    unobserved: bool = False  # its NUT server has lost sight of it
    since: float | None = None  # seconds since 1970; set here, never by who asks


FINE = Outage()
Feed = Callable[[str, bool], None]  # loses or restores a path
CHANGES: TypeAdapter[dict[str, Outage | None]] = TypeAdapter(dict[str, Outage | None])


class Upses:
    """What is wrong with each UPS, kept in a file. A path whose UPSes are all empty is lost, until one is fed again."""

    def __init__(self, path: Path, planned: Mapping[str, Ups]) -> None:
        """Raises pydantic's ValidationError if the file holds something else."""
        self._path, self.planned = path, planned
        kept = CHANGES.validate_json(path.read_bytes()) if path.exists() else {}
        self._wrong = {name: each for name, each in kept.items() if each is not None and name in planned}

    def of(self, name: str) -> Outage:
        """What is wrong with a UPS."""
        return self._wrong.get(name, FINE)

    def left_s(self, name: str) -> float:
        """For how long its battery lasts, at the load for which it is declared."""
        outage = self.of(name)
        whole_s = outage.runtime_s or self.planned[name].battery_min * 60
        gone_s = time.time() - outage.since if outage.on_battery and outage.since is not None else 0.0
        return max(0.0, whole_s - gone_s)

    def is_low(self, name: str) -> bool:
        """Whether it is on battery, and that will not last for what hosts need to stop."""
        return self.of(name).on_battery and self.left_s(name) <= LOW_S

    def variables(self, name: str, load_w: float) -> dict[str, str]:
        """What NUT says of it, by NUT's names; `load_w` is that of its path. Empty if nobody knows."""
        outage, ups, left_s = self.of(name), self.planned[name], self.left_s(name)
        if outage.unobserved:
            return {}
        of_path = sum(each.rating_kw for each in self.planned.values() if each.path == ups.path)
        words = ["OB", "DISCHRG"] if outage.on_battery else ["OL"]
        return {
            "battery.charge": f"{min(100.0, 100 * left_s / (ups.battery_min * 60)):.0f}",
            "battery.runtime": f"{left_s:.0f}",
            "battery.runtime.low": f"{LOW_S:.0f}",
            "device.mfr": "Karst",
            "device.model": f"twin of {name}",
            "device.type": "ups",
            "input.voltage": "0" if outage.on_battery else str(_NOMINAL_V),
            "output.voltage": str(_NOMINAL_V if left_s else 0),
            "ups.load": f"{load_w / of_path / 10:.1f}",
            "ups.status": " ".join([*words, "LB"] if self.is_low(name) else words),
        }

    def body(self) -> Json:
        """Every UPS, as JSON."""
        return {
            name: {
                "path": ups.path,
                **self.of(name).model_dump(exclude={"since", "runtime_s"}),
                "runtime_s": round(self.left_s(name), 1),
                "low": self.is_low(name),
            }
            for name, ups in self.planned.items()
        }

    def change(self, raw: bytes, feed: Feed) -> None:
        """Put the given outages in place of those of the UPSes named, none for null: those are fed, and full.

        Needs a running loop. ValueError, and no change, if a UPS is unknown.
        """
        wanted = CHANGES.validate_json(raw)
        for name in wanted:
            if name not in self.planned:
                raise ValueError(f"there is no UPS {name}{nearest(name, list(self.planned))}")
        empty_before = self._empty_paths()
        now = time.time()
        for name, outage in wanted.items():
            if outage in (None, FINE):
                self._wrong.pop(name, None)
            elif outage is not None:
                self._wrong[name] = outage.model_copy(update={"since": now if outage.on_battery else None})
        kept = {name: each.model_dump(exclude_defaults=True) for name, each in self._wrong.items()}
        write_private(self._path, orjson.dumps(kept))
        for path in sorted(empty_before - self._empty_paths()):
            feed(path, True)
        self.watch(feed)

    def watch(self, feed: Feed) -> None:
        """Lose the paths whose batteries are empty, the others as soon as they are. Needs a running loop."""
        for path in sorted(self._empty_paths()):
            feed(path, False)
        for name, outage in self._wrong.items():
            if outage.on_battery and (left_s := self.left_s(name)):
                asyncio.get_running_loop().call_later(left_s, self._end, name, outage, feed)

    def _end(self, name: str, outage: Outage, feed: Feed) -> None:
        """The time has come at which this outage empties the battery, if it is still the same one."""
        path = self.planned[name].path
        if self.of(name) is outage and path in self._empty_paths():
            feed(path, False)

    def _empty_paths(self) -> set[str]:
        fed = {ups.path for name, ups in self.planned.items() if self.left_s(name) > 0}
        return {ups.path for ups in self.planned.values()} - fed
