"""Leak detectors, which only the spec of a liquid-cooled server counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from karst.plan.pipeline import plan
from karst.site.load import load
from karst.verify.checks.cooling import Leaks
from karst.verify.expected import ExpectedServer, expected_rack
from karst.verify.finding import Outcome
from karst.verify.observed import ObservedServer

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def dry() -> ExpectedServer:
    lab = plan(load(ROOT / "sites" / "lab", ROOT / "hardware"))
    return expected_rack(lab, "h1-r1-01").servers["h1-r1-01-s01"]


@pytest.mark.parametrize(
    ("leaks", "expected"),
    [
        ({"L1": "OK", "L2": "OK"}, [("", Outcome.PASSED)]),
        ({"L1": "Critical", "L2": "OK"}, [("L1", Outcome.FAILED)]),
        ({"L1": "Warning", "L2": "Unavailable"}, [("L1", Outcome.FAILED), ("L2", Outcome.UNOBSERVED)]),
        ({"L1": "OK"}, [("", Outcome.FAILED)]),
        (None, [("", Outcome.UNOBSERVED)]),
    ],
)
def test_leaks(dry: ExpectedServer, leaks: Mapping[str, str] | None, expected: list[tuple[str, Outcome]]) -> None:
    wet = replace(dry, spec=dry.spec.model_copy(update={"leak_detectors": 2}))
    assert not Leaks().applies(dry)
    assert Leaks().applies(wet)
    found = Leaks().judge(wet, ObservedServer(power="On", leaks=leaks))
    assert [(each.part, each.outcome) for each in found] == expected
