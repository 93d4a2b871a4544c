"""The checks of `karst verify` on hosts, a test each. What was not seen fails: it never counts as passed."""

from __future__ import annotations

import pytest

from karst.verify.checks import HOST_CHECKS, sources
from karst.verify.finding import Finding, Outcome


def hold(findings: list[Finding]) -> None:
    wrong = [each for each in findings if each.outcome is not Outcome.PASSED]
    if wrong and all(each.excused for each in wrong):
        pytest.skip("; ".join(f"{each.sentence} ({each.excused})" for each in wrong))
    said = [f"{each.part} {each.outcome}: {each.sentence}".strip() for each in wrong if each.counts]
    assert not said, "; ".join(said)


@pytest.mark.parametrize("check", [*(each.name for each in HOST_CHECKS), sources.HOST])
def test_host(findings: list[Finding], server: str, check: str) -> None:
    found = [each for each in findings if (each.device, each.check) == (server, check)]
    assert found, "nothing was found out"
    hold(found)


def test_time_sources_of_the_site(findings: list[Finding]) -> None:
    hold([each for each in findings if each.check == sources.SOURCE])
