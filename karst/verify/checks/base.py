"""What a check is: it reads some sections of what was observed, and says what is wrong with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Generic, TypeVar

from karst.verify.expected import ExpectedDevice, ExpectedPdu, ExpectedServer
from karst.verify.finding import Alert, Verdict, passed, unobserved
from karst.verify.observed import ObservedHost, ObservedPdu, ObservedServer, ObservedThing

E = TypeVar("E", bound=ExpectedDevice)
O = TypeVar("O", bound=ObservedThing)  # noqa: E741  # beside E, for observed


class Check(ABC, Generic[E, O]):
    """One question about a device. Its docstring says when it passes, fails, and is unobserved."""

    name: ClassVar[str]  # "<group>.<question>"
    alert: ClassVar[Alert]
    reads: ClassVar[tuple[str, ...]]  # sections of the observation, all of which it needs
    fine: ClassVar[str]  # what is said when nothing is wrong
    needs_power: ClassVar[bool] = False  # whether only a running server can answer

    def judge(self, expected: E, observed: O) -> Iterator[Verdict]:
        """Yield what is wrong or was not seen, a verdict a part; if nothing is, that it is fine."""
        reason = observed.unread or next(
            (
                observed.gaps.get(section, f"{section} was not read")
                for section in self.reads
                if getattr(observed, section) is None
            ),
            "",
        )
        if not reason and self.needs_power and getattr(observed, "power", None) != "On":
            reason = f"the server is {_words(getattr(observed, 'power', None))}"
        if reason:
            yield unobserved(reason)
            return
        found = list(self.look(expected, observed))
        yield from found or [passed(self.fine)]

    @abstractmethod
    def look(self, expected: E, observed: O) -> Iterator[Verdict]:
        """The same, with every section in `reads` there."""

    def applies(self, expected: E) -> bool:  # noqa: ARG002  # those that override it look at it
        """Whether the spec asks the question at all."""
        return True


ServerCheck = Check[ExpectedServer, ObservedServer]
PduCheck = Check[ExpectedPdu, ObservedPdu]
HostCheck = Check[ExpectedServer, ObservedHost]


def _words(power: str | None) -> str:
    words = {"Off": "off", "PoweringOn": "starting", "PoweringOff": "shutting down"}
    return words.get(power or "", "not known to be on")
