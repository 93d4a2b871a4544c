"""Runs on a switch, sent over SSH to its `python3 -` with a last line that calls `main`: reads, applies and confirms.

A change is the switch's own: it arms a timer that takes the former text back, and only who reaches it anew stops that.
What survives a reboot is written at the confirmation alone. Standard library, any Python 3 that a Debian of today has.
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
UNIT = "karst-rollback"
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
    actions: dict[str, Callable[..., dict[str, Any]]] = {"read": read, "apply": apply, "confirm": confirm}
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


def apply(token: str, text: str, rollback_after_s: int, patience_s: int) -> dict[str, Any]:
    """Make `text` run until it is confirmed. Raises RefusedError if it does not, and then the former text runs."""
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
        arm(token, rollback_after_s)
        wrong = tried(text, sessions, patience_s)
    if wrong:
        roll_back(former, wrong)
    return {"pending": True, "sessions": len(established())}


def confirm(token: str, text: str) -> dict[str, Any]:
    """Stop the timer and write the text durably. Raises RefusedError if the timer was first."""
    with locked():
        run("systemctl", "stop", f"{UNIT}.timer", any_status=True)
        if contents(TOKEN) != token or active(f"{UNIT}.service"):
            raise RefusedError("its timer was first")
        save(text)
        TOKEN.unlink()
    return {"sessions": len(established())}


def tried(text: str, sessions: dict[str, str], patience_s: int) -> str:
    """Load `text` and wait for the sessions; why it cannot stay, or nothing."""
    try:
        # At a second time FRR's own tool mends what its first left (an order of lines that it did not foresee).
        for _ in range(2):
            reload("wanted")
            differing = differing_line(text, running())
            if not differing:
                break
        else:
            return f"it was told the text and runs another: {differing}"
        kept = {peer: who for peer, who in sessions.items() if re.search(rf"^ neighbor {re.escape(peer)} ", text, re.M)}
        lost = await_sessions(kept, patience_s)
    except RefusedError as fault:
        return str(fault)
    return f"it lost {', '.join(lost)} for {patience_s} s" if lost else ""


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


def roll_back(former: str, reason: str) -> None:
    """Do at once what the timer would do. Raises RefusedError, always."""
    run("systemctl", "start", f"{UNIT}.service", any_status=True)
    run("systemctl", "stop", f"{UNIT}.timer", any_status=True)
    back = "rolled back" if running() == former else "rolled back, and yet another text runs than before"
    raise RefusedError(f"{reason}; {back}")


def arm(token: str, rollback_after_s: int) -> None:
    """Have systemd load the former text later; if that fails FRR starts anew, with what was written last."""
    write(TOKEN, token)
    loading = " ".join(reload_command("former"))
    script = f"mv {TOKEN} {ROLLED_BACK}; flock --timeout 120 {LOCK} {loading} || systemctl restart frr"
    options = ["--quiet", "--collect", "--property=Type=oneshot", "--timer-property=AccuracySec=100ms"]
    run("systemd-run", *options, f"--unit={UNIT}", f"--on-active={rollback_after_s}s", "/bin/sh", "-c", script)


def pending() -> bool:
    """Whether a change waits for its confirmation, or is being rolled back."""
    return active(f"{UNIT}.timer") or active(f"{UNIT}.service")


def active(unit: str) -> bool:
    """Whether a unit of systemd runs, or is about to."""
    return run("systemctl", "is-active", unit, any_status=True).strip() in ("active", "activating", "deactivating")


def reload_command(which: str) -> list[str]:
    """FRR's own tool, that changes nothing but what differs. Told this folder, it writes nothing durably."""
    folder = str(FOLDER / which)
    return ["/usr/lib/frr/frr-reload.py", "--reload", "--confdir", folder, f"{folder}/frr.conf"]


def reload(which: str) -> None:
    """Make one of the texts in the folder the running one. Raises RefusedError."""
    run(*reload_command(which))


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
def locked() -> Iterator[None]:
    """Nobody else changes this switch meanwhile. Raises RefusedError if somebody does already."""
    with LOCK.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
