"""The clone's twin as a process: started in a session of its own, found by its lock, ended by its own word."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from karst.plan.model import Plan
from karst.twin.client import Control
from karst.twin.home import Home, TwinError
from karst.twin.hosts_podman import kill_all, remove_all, twin_id
from karst.workspace import binaries
from karst.workspace.paths import Paths, WorkspaceError
from karst.workspace.workspace import Workspace

NOT_RUNNING = "not running"

# A site of 50,000 servers takes the twin a minute to imagine; nothing sensible takes longer.
_START_PATIENCE_S = 180.0
_KUBERNETES_PATIENCE_S = 120.0
_STOP_PATIENCE_S = 60.0
_POLL_S = 0.1
_LOG_LINES = 12

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Started:
    """A twin that answers."""

    pid: int
    bmcs: int
    is_new: bool
    hosts: bool  # whether its servers can have hosts
    no_hosts: str  # why not, else ""


def ensure(
    workspace: Workspace, plan: Plan, halls: frozenset[str], environment: Mapping[str, str], tell: Tell
) -> Started:
    """Start the twin of `plan`, or find it running; one of an earlier plan is started anew, its state stays.

    `halls` limits a new twin to these halls. Raises WorkspaceError.
    """
    home = Home(workspace.paths.twin)
    found = _status(home)
    if found is not None and found["plan"] != plan.hash:
        tell("the site has changed; starting it anew")
        stop(workspace.paths, tell)
        found = None
    is_new = found is None
    if found is None:
        tell("starting")
        found = _start(home, workspace, halls, environment, tell)
    hosts = found["hosts"]
    bmcs = int(found["servers"]) + int(found["rack_pdus"])
    return Started(int(found["pid"]), bmcs, is_new, hosts["state"] == "ready", hosts["message"])


def look(paths: Paths) -> str:
    """In a few words, how the twin is."""
    found = _status(Home(paths.twin))
    if found is None:
        return NOT_RUNNING
    kubernetes = found["control_plane"]["state"]
    return (
        f"running, process {found['pid']}; {found['servers_on']:,} of {found['servers']:,} servers on, "
        f"{found['hosts']['running']:,} hosts; "
        f"Kubernetes {kubernetes}"
    )


def await_kubernetes(paths: Paths, tell: Tell) -> None:
    """Wait until the twin's Kubernetes API is ready. Raises WorkspaceError."""
    home = Home(paths.twin)
    deadline = time.monotonic() + _KUBERNETES_PATIENCE_S
    while time.monotonic() < deadline:
        found = _status(home)
        if found is None:
            raise WorkspaceError(f"the twin ended\n{_tail(home)}")
        state, message = found["control_plane"]["state"], found["control_plane"]["message"]
        if state == "ready":
            return
        if state in ("failed", "off"):
            raise WorkspaceError(f"the twin's Kubernetes control plane is {state}: {message}")
        tell(f"control plane {state}")
        time.sleep(_POLL_S)
    raise WorkspaceError(
        f"the twin's Kubernetes API was not ready within {_KUBERNETES_PATIENCE_S:.0f} s; see {home.log}"
    )


def stop(paths: Paths, tell: Tell) -> bool:
    """End the twin and whatever it started. Returns whether it was running. Raises WorkspaceError."""
    home = Home(paths.twin)
    pid = home.holder()
    if pid is None:
        _end_orphans(paths)
        kill_all(twin_id(home))
        return False
    tell("ending")
    try:
        Control(home).shutdown()
    except TwinError:
        # It does not listen, as when it is still starting; the lock says that it is it.
        psutil.Process(pid).terminate()
    deadline = time.monotonic() + _STOP_PATIENCE_S
    while home.holder() is not None:
        if time.monotonic() > deadline:
            raise WorkspaceError(
                f"the twin, process {pid}, did not end within {_STOP_PATIENCE_S:.0f} s; see {home.log}"
            )
        time.sleep(_POLL_S)
    _end_orphans(paths)
    kill_all(twin_id(home))
    return True


def clear(paths: Paths) -> None:
    """Remove the hosts of a twin that has ended, with their disks."""
    remove_all(twin_id(Home(paths.twin)))


def _status(home: Home) -> dict[str, Any] | None:
    """None if none runs. Raises WorkspaceError for one that runs and does not answer in time."""
    deadline = time.monotonic() + _START_PATIENCE_S
    while home.holder() is not None:
        try:
            return Control(home).status(devices=False)
        except TwinError as fault:
            # Somebody starts it, or it is about to end.
            if time.monotonic() > deadline:
                raise WorkspaceError(str(fault)) from fault
        time.sleep(_POLL_S)
    return None


def _start(
    home: Home, workspace: Workspace, halls: frozenset[str], environment: Mapping[str, str], tell: Tell
) -> dict[str, Any]:
    paths = workspace.paths
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-m", "karst.twin", "--home", str(home.path), "--site", str(paths.site(workspace.site))]
    if os.environ.get("KARST_HOSTS") != "no":
        command += ["--host-image", binaries.host_image(paths)]
    command += [word for hall in sorted(halls) for word in ("--hall", hall)]
    log = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=paths.clone,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it outlives this command and its terminal
        )
    finally:
        os.close(log)
    began = time.monotonic()
    while True:
        if (status := process.poll()) is not None:
            raise WorkspaceError(f"the twin ended with exit status {status} as it started:\n{_tail(home)}")
        if home.holder() is not None:
            try:
                return Control(home).status(devices=False)
            except TwinError:
                pass  # it has not come so far
        if time.monotonic() - began > _START_PATIENCE_S:
            raise WorkspaceError(f"the twin did not start within {_START_PATIENCE_S:.0f} s; see {home.log}")
        tell(f"starting, {time.monotonic() - began:.0f} s")
        time.sleep(_POLL_S)


def _end_orphans(paths: Paths) -> None:
    """End what a killed twin has left: processes whose arguments lie in this clone's control plane, and no others."""
    folder = str(Home(paths.twin).control_plane)
    left = [process for process in psutil.process_iter(["cmdline"]) if _is_of(process, folder)]
    for process in left:
        process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=10)
    for process in stubborn:
        process.kill()


def _is_of(process: psutil.Process, folder: str) -> bool:
    words = process.info["cmdline"] or []
    return process.pid != os.getpid() and any(f"{folder}/" in word for word in words) and _is_daemon(words)


def _is_daemon(words: list[str]) -> bool:
    return any(
        word.rsplit("/", 1)[-1] in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
        for word in words
    )


def _tail(home: Home) -> str:
    try:
        return "\n".join(home.log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    except FileNotFoundError:
        return ""
