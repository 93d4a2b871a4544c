"""Runs as root on a host or switch, sent over SSH to its `python3 -`: what kernel, FRR and LLDP say, as JSON.

Nothing is judged here. Standard library alone. Changes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

COMMANDS = {
    "kernel": ["ip", "-json", "route", "show"],
    "links": ["ip", "-json", "link", "show"],
    "routes": ["vtysh", "-c", "show ip route bgp json"],
    "sessions": ["vtysh", "-c", "show bgp ipv4 unicast summary json"],
    "neighbours": ["lldpctl", "-f", "json0"],
}
PATIENCE_S = 10
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(command: list[str]) -> dict[str, object]:
    """What a command said and how it ended, or why it did not run."""
    environment = {**os.environ, "LC_ALL": "C", "PATH": PATH}
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
    os.environ["PATH"] = PATH
    found = {name: run(command) for name, command in COMMANDS.items()}
    try:
        names = [link["ifname"] for link in json.loads(str(found["links"].get("text", ""))) if link["ifname"] != "lo"]
    except ValueError:
        names = []
    speeds = {name: run(["ethtool", name]) for name in names}
    faults = [said for said in speeds.values() if "fault" in said]
    texts = {name: said.get("text", "") for name, said in speeds.items()}
    found["speeds"] = faults[0] if faults else {"text": json.dumps(texts)}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
