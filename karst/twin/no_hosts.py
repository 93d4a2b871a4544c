"""A twin without hosts: what its BMCs say of operating systems that are not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from karst.twin.state import Json

if TYPE_CHECKING:
    from karst.twin.bmc import Bmc


class NoHosts:
    """A twin of BMCs alone: whatever is on says that its operating system runs. `reason` says why."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason

    def started(self, bmc: Bmc) -> None:
        """The server's firmware is done: boot what it is to boot."""

    def cut(self, bmc: Bmc) -> None:
        """The server's power is gone."""

    def shut_down(self, bmc: Bmc) -> None:
        """The operating system is asked to shut down."""

    def busy(self, bmc: Bmc) -> bool:  # noqa: ARG002 - the other kind looks
        """Whether a shutdown that was asked for is still under way."""
        return False

    def progress(self, bmc: Bmc) -> str:  # noqa: ARG002
        """BootProgress of a server whose firmware is done."""
        return "OSRunning"

    def seen(self, bmc: Bmc) -> Json:  # noqa: ARG002
        """What `karst twin status` shows of a server's host."""
        return {}

    async def start(self, bmcs: Iterable[Bmc]) -> None:
        """Take over what an earlier twin left."""

    async def stop(self) -> None:
        """End every host; disks stay."""

    def status(self) -> Json:
        """How the hosts are as a whole."""
        return {"state": "off", "message": self.reason, "running": 0, "installed": 0}
