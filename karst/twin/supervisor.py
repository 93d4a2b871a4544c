"""The control plane beside the BMCs: started in the background, so that BMCs never wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import asdict

from karst.twin.control_plane import ControlPlane, ControlPlaneError
from karst.twin.state import Json

log = logging.getLogger(__name__)


class Supervisor:
    """Starts and ends the control plane, if there is to be one."""

    def __init__(self, control_plane: ControlPlane | None) -> None:
        self._control_plane = control_plane
        self._starting: asyncio.Task[None] | None = None
        self._fault = ""

    def start(self) -> None:
        """Begin to start it."""
        if self._control_plane is not None:
            self._starting = asyncio.get_running_loop().create_task(self._start(self._control_plane))

    async def _start(self, control_plane: ControlPlane) -> None:
        try:
            await control_plane.start()
        except (ControlPlaneError, OSError) as fault:
            self._fault = str(fault)
            log.error("the control plane did not start: %s", fault)

    async def stop(self) -> None:
        """End it."""
        if self._starting is not None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._starting
        if self._control_plane is not None:
            await self._control_plane.stop()

    async def status(self) -> Json:
        """`state` is off, starting, ready, failed or degraded; `message` says why."""
        if self._control_plane is None:
            return {"state": "off", "message": "", "kubeconfig": None, "daemons": []}
        found = await self._control_plane.status()
        starting = self._starting is not None and not self._starting.done()
        state = "failed" if self._fault else "starting" if starting else "ready" if found.ready else "degraded"
        return {
            "state": state,
            "message": self._fault,
            "kubeconfig": str(self._control_plane.kubeconfig),
            "daemons": [asdict(daemon) for daemon in found.daemons],
        }
