"""A twin whose network is not imitated: what it is asked without one."""

from __future__ import annotations

from karst.twin.state import Json


class NoNetwork:
    """Cables that nothing hangs on. `reason` says why."""

    def __init__(self, reason: str = "the twin has no hosts") -> None:
        self.reason = reason

    async def attach(self, device: str, pid: int, *, is_new: bool = True) -> None:
        """A device's namespace is there; a new one's system has not started yet."""

    def detach(self, device: str) -> None:
        """The device is off."""

    def settle(self) -> None:
        """Power or faults have changed."""

    async def start(self) -> None:
        """Start what is to run, take over what an earlier twin left."""

    async def stop(self) -> None:
        """End every device; their disks stay."""

    async def change(self, raw: bytes) -> None:  # noqa: ARG002 - the other kind looks
        """Break something, or mend it."""
        raise ValueError(f"there is no network: {self.reason}")

    def body(self) -> Json:
        """The network as built."""
        return {}

    async def seen(self) -> Json:
        """How every device is, with its sessions and routes."""
        return {}

    async def trace(self, source: str, target: str, port: int) -> Json:  # noqa: ARG002
        """The way of a flow."""
        raise ValueError(f"there is no network: {self.reason}")

    def status(self) -> Json:
        """How the network is as a whole."""
        return {"state": "off", "devices": 0, "running": 0, "message": self.reason}
