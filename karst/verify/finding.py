"""What a check found: a verdict in a sentence, of which device, and who has to be woken by it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`unobserved` never counts as passed: nobody looked, or nobody answered."""

    PASSED = "passed"
    FAILED = "failed"
    UNOBSERVED = "unobserved"


class Alert(StrEnum):
    """What a failed check calls for.

    page: redundancy or equipment is being lost now, somebody goes at once. ticket: mend it in working hours.
    """

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's word on a device or one of its parts. `part` is as the BMC or the device type calls it, "" for all."""

    outcome: Outcome
    sentence: str
    part: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A verdict with its place. `excused` says why it does not count: a hold, or a status under which it must be so."""

    device: str
    check: str  # "power.redundancy"
    part: str
    outcome: Outcome
    sentence: str
    alert: Alert
    excused: str = ""

    @property
    def counts(self) -> bool:
        """Whether the site is not in order for it."""
        return self.outcome is not Outcome.PASSED and not self.excused


def failed(sentence: str, part: str = "") -> Verdict:
    """It is not as it has to be."""
    return Verdict(Outcome.FAILED, sentence, part)


def unobserved(sentence: str, part: str = "") -> Verdict:
    """It was not seen whether it is as it has to be."""
    return Verdict(Outcome.UNOBSERVED, sentence, part)


def passed(sentence: str, part: str = "") -> Verdict:
    """It was seen to be as it has to be."""
    return Verdict(Outcome.PASSED, sentence, part)
