"""Runs on a switch, sent over SSH to its `python3 -` with a line that calls `main`: reads, applies and confirms.

A change is the switch's own: it arms a timer that takes the former text back, and only who reaches it anew stops that.
What survives a reboot is written at the confirmation alone. Standard library, any Python 3 that a Debian of today has.

Whether FRR took a text is told by what runs. Its own tool fails where it only repeated itself (a second pass that says
`bgp graceful-restart-disable` once more), and succeeds where a line is still missing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CONF = Path("/etc/frr/frr.conf")
FOLDER = Path("/run/karst-switch")
LOCK, TOKEN, ROLLED_BACK = FOLDER / "lock", FOLDER / "token", FOLDER / "rolled-back"
PROGRAM = FOLDER / "rollback.py"
UNIT = "karst-rollback"
RELOAD = "/usr/lib/frr/frr-reload.py"
FRAME = ["Building configuration...", "", "Current configuration:", "!"]
PATIENCE_S = 60
POLL_S = 0.5
SAID_MAX = 300
# bgpd needs a moment to let go of a session whose neighbour was changed.
SETTLE_S = 1


class RefusedError(Exception):
    """What is wrong, as a sentence."""


def main(request: dict[str, Any]) -> None:
    """Print the answer as JSON; `fault` in it says why something was not done."""
    os.environ.update(LC_ALL="C", PATH="/usr/sbin:/usr/bin:/sbin:/bin")
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    actions: dict[str, Callable[..., dict[str, Any]]] = {
        "read": read,
        "apply": apply,
        "confirm": confirm,
        "roll_back": roll_back,
    }
    try:
        answer = actions[request.pop("action")](**request)
    except RefusedError as fault:
        answer = {"fault": str(fault)}
    json.dump(answer, sys.stdout)


def read() -> dict[str, Any]:
    """What runs, whether a change waits for its confirmation, and whose change was rolled back last."""
    rolled_back = contents(ROLLED_BACK) or ""
    found = {"running": running(), "sessions": len(established()), "rolled_back": rolled_back}
    return {**found, "pending": pending(), "saved": contents(CONF) or ""}


def apply(token: str, text: str, program: str, rollback_after_s: int, sessions_patience_s: int) -> dict[str, Any]:
    """Make `text` run until it is confirmed; `program` is this one.

    Raises RefusedError if it does not, and then the former text runs.
    """
    with locked():
        if pending():
            raise RefusedError("another change awaits its confirmation, or is being rolled back")
        former, sessions = running(), established()
        if former == text:
            if contents(CONF) != text:
                save(text)
            return {"sessions": len(sessions)}
        check(put("wanted", text))
        put("former", former)
        arm(token, program, rollback_after_s)
        wrong = tried(text, sessions, sessions_patience_s)
    if wrong:
        # At once what the timer would do.
        run("systemctl", "start", f"{UNIT}.service", any_status=True)
        run("systemctl", "stop", f"{UNIT}.timer", any_status=True)
        raise RefusedError(f"{wrong}; rolled back" + ("" if running() == former else ", but it runs yet another text"))
    return {"pending": True, "sessions": len(established())}


def confirm(token: str, text: str) -> dict[str, Any]:
    """Stop the timer and write the text durably. Raises RefusedError if the timer was first."""
    with locked():
        run("systemctl", "stop", f"{UNIT}.timer", any_status=True)
        if contents(TOKEN) != token or active(f"{UNIT}.service"):
            raise RefusedError("no new connection came before its timer")
        save(text)
        TOKEN.unlink()
    return {"sessions": len(established())}


def tried(text: str, sessions: dict[str, str], patience_s: int) -> str:
    """Load `text` and wait for the sessions; why it cannot stay, or nothing."""
    try:
        if fault := load("wanted"):
            return fault
        kept = {peer: who for peer, who in sessions.items() if re.search(rf"^ neighbor {re.escape(peer)} ", text, re.M)}
        lost = await_sessions(kept, patience_s)
    except RefusedError as fault:
        return str(fault)
    return f"it lost {', '.join(lost)} for {patience_s} s" if lost else ""


def load(which: str) -> str:
    """Make a text of the folder the running one, by what differs alone; what still differs then, or nothing.

    A second time FRR's tool mends what its first left (an order of lines that it did not foresee).
    """
    folder = FOLDER / which
    wanted = (folder / "frr.conf").read_text(encoding="utf-8")
    said = differing = ""
    for _ in range(2):
        # Told another folder than FRR's own, it writes nothing durably.
        command = (RELOAD, "--reload", "--confdir", str(folder), str(folder / "frr.conf"))
        said = run(*command, any_status=True)
        differing = differing_line(wanted, running())
        if not differing:
            return ""
    return (
        f"it was told a text and runs another: {differing} ({' '.join(said.split())[:SAID_MAX] or 'it said nothing'})"
    )


def differing_line(wanted: str, found: str) -> str:
    """The first line of either that the other has not at its place."""
    before, after = wanted.splitlines(), found.splitlines()
    for number in range(max(len(before), len(after))):
        ours, its = (lines[number] if number < len(lines) else "nothing" for lines in (before, after))
        if ours != its:
            return f"line {number + 1} is {its!r}, expected {ours!r}"
    return ""


def await_sessions(wanted: dict[str, str], patience_s: int) -> list[str]:
    """Wait until all are established; those that are not, as interface and neighbour."""
    deadline = time.monotonic() + patience_s
    time.sleep(min(SETTLE_S, patience_s))
    while True:
        lost = wanted.keys() - established().keys()
        if not lost or time.monotonic() > deadline:
            return sorted(f"{wanted[peer]} at {peer}" if wanted[peer] else peer for peer in lost)
        time.sleep(POLL_S)


def roll_back() -> dict[str, Any]:
    """Load the former text; if that fails FRR starts anew, with what was written last."""
    if TOKEN.exists():
        TOKEN.replace(ROLLED_BACK)
    try:
        with locked(wait=True):
            fault = load("former")
    except RefusedError as refused:
        fault = str(refused)
    if fault:
        run("systemctl", "restart", "frr")
    return {"fault": fault}


def arm(token: str, program: str, rollback_after_s: int) -> None:
    """Have systemd roll back later."""
    write(TOKEN, token)
    write(PROGRAM, f"{program}\n\nmain({{'action': 'roll_back'}})\n")
    options = ["--quiet", "--collect", "--property=Type=oneshot", "--timer-property=AccuracySec=100ms"]
    command = ["/usr/bin/python3", "-I", str(PROGRAM)]
    run("systemd-run", *options, f"--unit={UNIT}", f"--on-active={rollback_after_s}s", *command)


def pending() -> bool:
    """Whether a change waits for its confirmation, or is being rolled back."""
    return active(f"{UNIT}.timer") or active(f"{UNIT}.service")


def active(unit: str) -> bool:
    """Whether a unit of systemd runs, or is about to."""
    return run("systemctl", "is-active", unit, any_status=True).strip() in ("active", "activating", "deactivating")


def check(path: Path) -> None:
    """Let FRR read it without acting on it. Raises RefusedError."""
    run("vtysh", "-C", "-f", str(path))


def running() -> str:
    """The running configuration, without the frame that `show` puts around it. Raises RefusedError."""
    lines = run("vtysh", "-c", "show running-config").splitlines()
    if lines[:4] != FRAME or lines[-1] != "end":
        raise RefusedError(f"FRR shows no running configuration, but {lines[:6]}")
    return "".join(f"{line}\n" for line in lines[4:-1])


def established() -> dict[str, str]:
    """The BGP sessions that are up: interface (or address) to the neighbour's description. Raises RefusedError."""
    try:
        families = json.loads(run("vtysh", "-c", "show bgp summary json") or "{}")
    except ValueError:
        raise RefusedError("FRR shows no summary of BGP") from None
    peers = [each for family in families.values() for each in family.get("peers", {}).items()]
    return {name: peer.get("desc", "") for name, peer in peers if peer["state"] == "Established"}


def put(which: str, text: str) -> Path:
    """Lay a text into a folder of its own; its path."""
    path = FOLDER / which / "frr.conf"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    (path.parent / "vtysh.conf").touch()
    write(path, text)
    return path


def save(text: str) -> None:
    """Write what FRR starts with, so that a power cut leaves the old or the new."""
    new = CONF.with_suffix(".new")
    write(new, text, 0o640)
    shutil.chown(new, "frr", "frr")
    new.replace(CONF)
    folder = os.open(CONF.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file to the disk."""
    path.touch(mode)
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def contents(path: Path) -> str | None:
    """A file's text; None without one."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def locked(*, wait: bool = False) -> Iterator[None]:
    """Nobody else changes this switch meanwhile. Raises RefusedError if somebody does already, unless to `wait`."""
    with LOCK.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise RefusedError("another run is at work on it") from None
        yield


def run(*command: str, any_status: bool = False) -> str:
    """What a command prints. Raises RefusedError if it fails."""
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise RefusedError(str(fault)) from None
    if done.returncode and not any_status:
        said = " ".join(f"{done.stdout} {done.stderr}".split())
        raise RefusedError(f"{Path(command[0]).name} failed: {said[:SAID_MAX] or f'status {done.returncode}'}")
    return done.stdout
