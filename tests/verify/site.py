"""The lab's twin, built as the provider builds it, and verified in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from karst.plan.rack import rack as planned_rack
from karst.provider.bounds import Bounds
from karst.provider.config import Configuration, parse
from karst.provider.planned import OutOfBandMap, rack_args
from karst.provider.sweep import Sweep
from karst.verify.finding import Finding
from karst.verify.verify import Reach, Report, Samples, choose, verify
from tests.provider.lab import PREFIX, TIMING, Lab, lab

HALL = "h1"


@dataclass(slots=True)
class Site:
    """A running lab whose every BMC carries the site's credential and certificate."""

    lab: Lab
    folder: Path

    @property
    def configuration(self) -> Configuration:
        found, faults = parse(self.lab.configuration())
        assert found is not None, faults
        return found

    @property
    def reach(self) -> Reach:
        prefix = self.lab.plan.site.network.prefixes.out_of_band
        return Reach(self.configuration, OutOfBandMap(prefix, IPv4Network(PREFIX), self.lab.port))

    def build(self) -> None:
        """What `karst up` does to the metal."""
        asyncio.run(self._build())

    async def _build(self) -> None:
        bounds = Bounds(64, self.folder / "locks")
        for name in self.lab.plan.racks:
            args = rack_args(planned_rack(self.lab.plan, name), 1, self.reach.out_of_band)
            sweep = Sweep(self.configuration, bounds, 1, {}, _silent, _silent)
            outcome = await sweep.converge({**args.servers, **args.pdus})
            assert outcome.failed == {}

    def verify(self, *only: str, limit: tuple[str, ...] = (), samples: Samples | None = None) -> Report:
        """One run over the whole lab, or part of it."""
        racks = choose(self.lab.plan, {HALL: self.reach}, limit)
        return asyncio.run(
            verify(self.lab.plan, racks, Bounds(64, self.folder / "locks"), only, lambda _: None, samples)
        )


async def _silent(_: str) -> None:
    return None


def shown(findings: list[Finding]) -> dict[str, dict[str, str]]:
    """Device -> check and part -> outcome, of all that is not passed."""
    found: dict[str, dict[str, str]] = {}
    for each in findings:
        if each.outcome != "passed":
            key = " ".join(filter(None, (each.check, each.part)))
            found.setdefault(each.device, {})[key] = each.outcome.value
    return found


@contextmanager
def built(folder: Path, timing: str = TIMING) -> Iterator[Site]:
    """A lab fresh from the factory, built."""
    (folder / "locks").mkdir()
    with lab(folder, timing=timing) as made:
        site = Site(made, folder)
        site.build()
        yield site
