"""The twin's Kubernetes control plane: etcd, kube-apiserver, -controller-manager and -scheduler, supervised.

There are no nodes yet: what the API server itself decides (RBAC, quota, pod security, admission policies) is
enforced here; what a node would do (network policies, running pods) is declared only. See `docs/tenants.md`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

import aiohttp
from filelock import FileLock, Timeout

from karst.files import write_private
from karst.twin import control_plane_commands as commands
from karst.twin.control_plane_commands import BINARIES, Ports
from karst.twin.control_plane_daemon import Daemon, DaemonStatus
from karst.twin.control_plane_files import ADMINISTRATORS, LOOPBACK, Files, Pair

__all__ = ["ControlPlane", "ControlPlaneError", "ControlPlaneStatus", "Ports"]

_log = logging.getLogger(__name__)

_POLL_S = 0.05
_STOP_PATIENCE_S = 10.0
_DEFAULT_SERVICES = IPv4Network("10.96.0.0/16")


class ControlPlaneError(Exception):
    """The control plane cannot start; the message says which part failed and quotes the end of its log."""


@dataclass(frozen=True, slots=True)
class ControlPlaneStatus:
    """`ready` is the API server's own word (/readyz). Daemons are in the order in which they start."""

    ready: bool
    daemons: tuple[DaemonStatus, ...]


class ControlPlane:
    """The control plane whose state and certificates lie in `home` and whose programs lie in `bin_dir`.

    Use it from the event loop of the process's main thread: its daemons end when that thread does. One process at
    a time may hold a home. `services` is the cluster's range of service addresses.
    """

    def __init__(self, home: Path, bin_dir: Path, ports: Ports, services: IPv4Network = _DEFAULT_SERVICES) -> None:
        # Absolute but not resolved: daemons run in a folder of their own and are recognised by this path.
        self._files = Files(home.absolute(), ports.apiserver)
        self._bin_dir = bin_dir.absolute()
        self._ports = ports
        self._services = services
        self._lock = FileLock(self._files.home / "lock", mode=0o600)
        etcd, apiserver, controller_manager, scheduler = (self._bin_dir / name for name in BINARIES)
        files = self._files
        self._daemons = tuple(
            Daemon(command[0].rsplit("/", 1)[1], command, files.run)
            for command in (
                commands.etcd(etcd, files, ports),
                commands.apiserver(apiserver, files, ports, services),
                commands.controller_manager(controller_manager, files, ports),
                commands.scheduler(scheduler, files, ports),
            )
        )

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig (0600); it is there once `start` has returned."""
        return self._files.admin

    async def start(self, timeout_s: float = 60.0) -> None:
        """Start all four, in order, each when the one it leans on is ready. Raises ControlPlaneError; then none runs.

        Daemons that a killed process left behind are ended first.
        """
        missing = [name for name in BINARIES if not (self._bin_dir / name).is_file()]
        if missing:
            raise ControlPlaneError(f"{self._bin_dir} lacks {', '.join(missing)}; `make tools` builds them")
        self._files.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as fault:
            raise ControlPlaneError(f"another process runs the control plane in {self._files.home}") from fault
        try:
            for daemon in reversed(self._daemons):
                await daemon.end_stale(_STOP_PATIENCE_S)
            # The first address of the service range is the API's own, by Kubernetes' rule.
            self._files.write(service_address=self._services[1])
            await self._start_in_order(time.monotonic() + timeout_s)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all four, last started first. State stays. Does nothing if nothing runs."""
        for daemon in reversed(self._daemons):
            await daemon.stop(_STOP_PATIENCE_S)
        if self._lock.is_locked:
            self._lock.release()

    async def status(self) -> ControlPlaneStatus:
        """What runs, and whether the API is ready."""
        daemons = tuple(daemon.status() for daemon in self._daemons)
        ready = False
        if all(daemon.running for daemon in daemons):
            with contextlib.suppress(OSError, aiohttp.ClientSSLError):
                ready = await self._healthy(self._ports.apiserver, "/readyz", self._files.ca, self._files.pair("probe"))
        return ControlPlaneStatus(ready, daemons)

    async def _start_in_order(self, deadline: float) -> None:
        files, ports = self._files, self._ports
        etcd, apiserver, controller_manager, scheduler = self._daemons
        to_etcd, probe = files.pair("apiserver-etcd-client"), files.pair("probe")
        await etcd.start()
        await _until(etcd, deadline, partial(self._healthy, ports.etcd_client, "/health", files.etcd_ca, to_etcd))
        await apiserver.start()
        await _until(apiserver, deadline, partial(self._healthy, ports.apiserver, "/readyz", files.ca, probe))
        await self._bind_administrators()
        await controller_manager.start()
        await scheduler.start()
        for daemon, port in ((controller_manager, ports.controller_manager), (scheduler, ports.scheduler)):
            await _until(daemon, deadline, partial(self._healthy, port, "/healthz", files.ca, probe))

    async def _healthy(self, port: int, path: str, ca: Path, pair: Pair) -> bool:
        context = ssl.create_default_context(cafile=str(ca))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_cert_chain(pair.certificate, pair.key)
        timeout = aiohttp.ClientTimeout(total=5)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"https://{LOOPBACK}:{port}{path}", ssl=context) as response,
            ):
                return response.status == 200
        except aiohttp.ClientSSLError:
            # Somebody else listens there, or our own certificates are wrong: waiting does not help.
            raise
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _bind_administrators(self) -> None:
        """Bind the administrators' group, as a member of system:masters whose certificate ends with this call."""
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": ADMINISTRATORS},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": ADMINISTRATORS}],
        }
        context = ssl.create_default_context(cafile=str(self._files.ca))
        certificate, key = self._files.super_user()
        # OpenSSL takes a client's certificate from files only.
        with tempfile.TemporaryDirectory(dir=self._files.run) as folder:
            pair = Pair(Path(folder) / "crt", Path(folder) / "key")
            write_private(pair.key, key)
            write_private(pair.certificate, certificate)
            context.load_cert_chain(pair.certificate, pair.key)
        url = f"https://{LOOPBACK}:{self._ports.apiserver}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        async with aiohttp.ClientSession() as session, session.post(url, json=binding, ssl=context) as response:
            # 409: bound at an earlier start.
            if response.status not in (201, 409):
                raise ControlPlaneError(f"the administrators cannot be bound: {json.dumps(await response.json())}")


async def _until(daemon: Daemon, deadline: float, ready: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `ready`. Raises ControlPlaneError when the daemon ends first or the deadline passes."""
    ended = asyncio.ensure_future(daemon.ended())
    try:
        while True:
            try:
                if await ready():
                    return
            except aiohttp.ClientSSLError as fault:
                raise ControlPlaneError(f"who listens at {daemon.name}'s port is not {daemon.name}: {fault}") from fault
            done, _ = await asyncio.wait([ended], timeout=_POLL_S)
            if done:
                raise ControlPlaneError(
                    f"{daemon.name} ended with status {ended.result()} before it was ready; the end of "
                    f"{daemon.log_file}:\n{daemon.tail()}"
                )
            if time.monotonic() > deadline:
                raise ControlPlaneError(
                    f"{daemon.name} was not ready in time; the end of {daemon.log_file}:\n{daemon.tail()}"
                )
    finally:
        ended.cancel()
