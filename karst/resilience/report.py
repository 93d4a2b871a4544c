"""What the proof found, by kind of fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from karst.resilience.network import FaultKind, Outcome


@dataclass(frozen=True, slots=True)
class KindReport:
    """All single faults of a kind. Fractions are the least that any of them leaves."""

    kind: FaultKind
    faults: int
    survived: int
    uplinks_left: float
    carriers_left: float
    fatal: tuple[Outcome, ...]  # those that cut a host off from others or from every carrier


def by_kind(outcomes: Iterable[Outcome]) -> list[KindReport]:
    """Return a report of each kind of which there are faults."""
    sorted_out: dict[FaultKind, list[Outcome]] = {}
    for outcome in outcomes:
        sorted_out.setdefault(outcome.fault.kind, []).append(outcome)
    return [
        KindReport(
            kind=kind,
            faults=len(found),
            survived=sum(each.survived for each in found),
            uplinks_left=min(each.uplinks_left for each in found),
            carriers_left=min(each.carriers_left for each in found),
            fatal=tuple(each for each in found if not each.survived),
        )
        for kind, found in sorted_out.items()
    ]
