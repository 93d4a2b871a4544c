"""A server's host: that it is the one that was installed, that it is well, and that its clock is right."""

from __future__ import annotations

from collections.abc import Iterator

from karst.verify.checks.base import Check
from karst.verify.expected import ExpectedServer
from karst.verify.finding import Alert, Verdict, failed, unobserved
from karst.verify.observed import ObservedHost

# Ceph's monitors, the strictest of what usually runs in a cluster, warn where two clocks differ by more
# (mon_clock_drift_allowed); hosts that may each be half as wrong never do. etcd warns at a whole second.
CLOCK_ERROR_S = 0.025


class Name(Check[ExpectedServer, ObservedHost]):
    """Pass: the host has its server's name. Fail: another. Unobserved: the host does not answer."""

    name = "os.name"
    alert = Alert.TICKET
    reads = ("name",)
    fine = "it has its server's name"

    def look(self, expected: ExpectedServer, observed: ObservedHost) -> Iterator[Verdict]:
        """See the class."""
        if observed.name != expected.name:
            yield failed(f"it calls itself {observed.name}")


class Image(Check[ExpectedServer, ObservedHost]):
    """Pass: the SSH CA signed its key for this server and the declared image. Fail: for another.

    Unobserved: the host does not answer, or shows no such certificate.
    """

    name = "os.image"
    alert = Alert.TICKET
    reads = ("key_id",)
    fine = "it was installed from the declared image"

    def look(self, expected: ExpectedServer, observed: ObservedHost) -> Iterator[Verdict]:
        """See the class."""
        name, _, image = (observed.key_id or "").partition(" ")
        if name != expected.name:
            yield failed(f"its key was signed for {name}")
        elif image != expected.image:
            yield failed(f"it was installed from {image}, declared is {expected.image}")


class Release(Check[ExpectedServer, ObservedHost]):
    """Pass: it still is the release that its image had. Fail: another. Unobserved: one of the two is not told."""

    name = "os.release"
    alert = Alert.TICKET
    reads = ("release", "image_release")
    fine = "it is the release of its image"

    def look(self, expected: ExpectedServer, observed: ObservedHost) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        if observed.release != observed.image_release:
            yield failed(f"it is {observed.release}, its image was {observed.image_release}")


class State(Check[ExpectedServer, ObservedHost]):
    """Pass: systemd has started all there is, and no unit failed. Fail: units failed, or it is in maintenance.

    Unobserved: the host does not answer, or is just starting or stopping.
    """

    name = "os.state"
    alert = Alert.TICKET
    reads = ("state", "failed_units")
    fine = "it runs, and no unit failed"

    def look(self, expected: ExpectedServer, observed: ObservedHost) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        for unit in observed.failed_units or ():
            yield failed("it failed", unit)
        if observed.state in ("initializing", "starting", "stopping"):
            yield unobserved(f"it is {observed.state}")
        elif observed.state not in ("running", "degraded"):  # the latter is what failed units make of it
            yield failed(f"systemd is {observed.state}")


class Offset(Check[ExpectedServer, ObservedHost]):
    """Pass: the clock follows a source and cannot be further off than 25 ms. Fail: otherwise.

    Unobserved: the host does not answer, or has no chrony that does.
    """

    name = "time.offset"
    alert = Alert.PAGE
    reads = ("clock",)
    fine = "its clock is right"

    def look(self, expected: ExpectedServer, observed: ObservedHost) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        clock = observed.clock
        if clock is None or clock.follows is None:
            yield failed("its clock follows no source")
        elif clock.error_s > CLOCK_ERROR_S:
            most = f"{CLOCK_ERROR_S * 1000:.0f} ms at most"
            yield failed(f"its clock may be {clock.error_s * 1000:.0f} ms wrong ({most})")
