"""Runs on a host, sent over SSH to its `python3 -`: files and commands as they are, as one JSON document.

Nothing is judged here, so that what a host says can be read anew without asking it. Standard library alone, and of any
Python 3 that a Debian of today has. Changes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

FILES = {
    "os_release": "/etc/os-release",
    "image": "/etc/karst-image",
    "certificate": "/etc/ssh/ssh_host_ed25519_key-cert.pub",
}
# chrony answers root alone (role `time`); all else is anybody's to see.
ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]
COMMANDS = {
    "systemd": ["systemctl", "is-system-running"],
    "failed_units": ["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"],
    "chrony": [*ROOT, "chronyc", "-c", "-n", "-m", "tracking", "sources"],
}
PATIENCE_S = 10


def read(path: str) -> dict[str, object]:
    """A file's text, or why there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # one import less on each host
            return {"text": file.read()}
    except OSError as fault:
        return {"fault": f"{path}: {fault.strerror}"}


def run(command: list[str]) -> dict[str, object]:
    """What a command said and how it ended, or why it did not run."""
    environment = {**os.environ, "LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        return {"fault": str(fault)}
    text, errors = (each.decode(errors="replace").strip() for each in (done.stdout, done.stderr))
    return {"text": text, "errors": errors, "status": done.returncode}


def main() -> None:
    """Print the document."""
    found: dict[str, object] = {name: read(path) for name, path in FILES.items()}
    found.update((name, run(command)) for name, command in COMMANDS.items())
    found["hostname"] = {"text": os.uname().nodename}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
