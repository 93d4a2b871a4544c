"""Loads that move: cords are told apart by several readings, and none that is as planned is ever called wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from karst.plan.server import server as planned_server
from karst.verify.finding import Outcome
from karst.verify.verify import Samples
from tests.provider.lab import TIMING

from .site import Site, built

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verify")]

# Longer than the lab is read for, so that a reading seldom meets a change, and no two in a row do.
LOAD_S = 4.0
SAMPLES = Samples(4, LOAD_S)


def cords(site: Site) -> dict[str, set[Outcome]]:
    found: dict[str, set[Outcome]] = {}
    for each in site.verify("power", samples=SAMPLES).findings:
        if each.check == "power.cords":
            found.setdefault(each.device, set()).add(each.outcome)
    return found


def test_cords_under_moving_loads(tmp_path: Path) -> None:
    one, other = "h1-r1-02-s01", "h1-r1-02-s02"
    with built(tmp_path, f"{TIMING},load_s={LOAD_S}") as site:
        as_planned = cords(site)
        assert len(as_planned) == 12
        assert not any(Outcome.FAILED in outcomes for outcomes in as_planned.values())
        assert sum(outcomes == {Outcome.PASSED} for outcomes in as_planned.values()) >= 8
        first, second = (planned_server(site.lab.plan, each).cords[0] for each in (one, other))
        swapped = {one: {"PSU1": [second.pdu, second.outlet]}, other: {"PSU1": [first.pdu, first.outlet]}}
        site.lab.control.change_cabling({"cords": swapped})
        found = cords(site)
        assert all(Outcome.PASSED not in found[each] for each in (one, other))
        assert not any(Outcome.FAILED in outcomes for name, outcomes in found.items() if name not in (one, other))
