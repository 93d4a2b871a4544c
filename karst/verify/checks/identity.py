"""Whether the device that was spoken to is the one that was delivered."""

from __future__ import annotations

from collections.abc import Iterator

from karst.verify.checks.base import Check
from karst.verify.expected import ExpectedDevice
from karst.verify.finding import Alert, Verdict, failed, passed, unobserved
from karst.verify.observed import ObservedDevice


class Identity(Check[ExpectedDevice, ObservedDevice]):
    """Pass: certificate, serial number and UUID are the delivered ones. Fail: another device hangs there.

    Unobserved: nobody answers, or lets us in.
    """

    name = "identity.device"
    alert = Alert.PAGE
    reads = ()
    fine = "it is the one that was delivered"

    def judge(self, expected: ExpectedDevice, observed: ObservedDevice) -> Iterator[Verdict]:
        """See the class."""
        if observed.foreign:
            yield failed(observed.foreign)
        elif observed.unread:
            yield unobserved(observed.unread)
        else:
            yield from self.look(expected, observed)

    def look(self, expected: ExpectedDevice, observed: ObservedDevice) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        yield passed(self.fine)
