"""Claim of role `hardening`: what Lynis finds on a host before and after the roles base, time and hardening.

- the hardening index rises, and no warning is left;
- every suggestion that is left is explained in docs/hardening.md.

A container of the host image, as the twin's hosts are; Lynis is Debian's, and in that container alone. Needs root.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PAGE = ROOT / "docs" / "hardening.md"
REPORT = "/var/log/lynis-report.dat"
AUDIT = "lynis audit system --quick --quiet --no-colors {more} >/dev/null 2>&1; cat " + REPORT
ROLES = ["base", "time", "hardening"]
# Nobody answers in the container's network; that chrony waits for its sources is not what is looked at.
VARIABLES = {"time_wait_s": 0, "base_package_mirror": ""}


@dataclass(frozen=True)
class Audit:
    """What Lynis says: its index of 100, and what it would mend, by id."""

    index: int
    warnings: dict[str, list[str]]
    suggestions: dict[str, list[str]]

    @staticmethod
    def of(report: str) -> Audit:
        """From Lynis's report file."""

        def found(kind: str) -> dict[str, list[str]]:
            made: dict[str, list[str]] = {}
            for name, said in re.findall(rf"^{kind}\[\]=([A-Z0-9-]+)\|(.*)$", report, re.MULTILINE):
                words = [word for word in said.split("|") if word not in ("", "-")]
                made.setdefault(name, []).append(": ".join(words))
            return made

        (index,) = re.findall(r"^hardening_index=(\d+)$", report, re.MULTILINE)
        return Audit(int(index), found("warning"), found("suggestion"))


def say(text: str) -> None:
    sys.stderr.write(f"lynis_hardening: {text}\n")
    sys.stderr.flush()


def run(folder: Path, *command: str | Path, cwd: Path = ROOT) -> str:
    """Standard output of a command of the scenario in `folder`; its errors if it fails."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "NO_COLOR": "1", "MOLECULE_EPHEMERAL_DIRECTORY": str(folder)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def molecule(folder: Path, command: str) -> None:
    base = ROOT / ".config" / "molecule" / "config.yml"
    run(folder, BIN / "molecule", "--base-config", base, command, cwd=ROOT / "roles" / "hardening")


def audited(folder: Path, roles: list[str], more: str) -> tuple[Audit, Audit]:
    """Before and after `roles`; `more` goes to Lynis."""
    audit = AUDIT.format(more=more)
    label = f"label=karst.scenario={folder}"
    name = next(
        each
        for each in run(folder, "podman", "ps", "--format", "{{.Names}}", "--filter", label).split()
        if "host-1" in each
    )
    say("installing Lynis")
    install = "apt-get -q update && apt-get -q install -y --no-install-recommends lynis"
    run(folder, "podman", "exec", "--env", "DEBIAN_FRONTEND=noninteractive", name, "sh", "-c", install)
    say("looking at the host as its image makes it")
    before = Audit.of(run(folder, "podman", "exec", name, "sh", "-c", audit))
    say(f"playing {', '.join(roles)}")
    playbook = folder / "play.yml"
    playbook.write_text(json.dumps([{"hosts": "host-1", "gather_facts": False, "roles": roles}]))
    inventory = ROOT / ".config" / "molecule" / "inventory"
    run(folder, BIN / "ansible-playbook", "-i", inventory, "-e", json.dumps(VARIABLES), playbook)
    say("looking at it again")
    return before, Audit.of(run(folder, "podman", "exec", name, "sh", "-c", audit))


def main() -> int:
    """Print the result as JSON; exit code 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roles", nargs="+", default=ROLES, help="what is played between both looks")
    parser.add_argument("--group", help="only this group of Lynis' tests, as `ssh`")
    given = parser.parse_args()
    more = f"--tests-from-group {given.group}" if given.group else ""
    with tempfile.TemporaryDirectory(prefix="karst-", dir="/tmp") as name:  # short: SSH's sockets lie in it
        folder = Path(name)
        try:
            molecule(folder, "create")
            before, after = audited(folder, given.roles, more)
        finally:
            molecule(folder, "destroy")
    page = PAGE.read_text()
    unexplained = [each for each in (*after.warnings, *after.suggestions) if f"`{each}`" not in page]
    met = after.index > before.index and not after.warnings and not unexplained
    result = {
        "benchmark": "lynis_hardening",
        "figures": {"before": vars(before), "after": vars(after), "unexplained": unexplained},
        "floor": {"index": 100, "what": "a host of which Lynis would mend nothing"},
        "ratio": round(after.index / before.index, 2),
        "goal": "a higher index, no warning, every suggestion explained in docs/hardening.md",
        "met": met,
    }
    print(json.dumps(result))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
