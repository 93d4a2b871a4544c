"""What the roles asked of each host, and how each is afterwards: the measure by which two tools did the same."""

from __future__ import annotations

import json
from typing import Any

from converging.hosts import Hosts

# Printed by each host as JSON: of each path its text, or what it links to, and whose it is.
READ = """
import grp, json, os, pwd, stat
found = []
for path in {paths!r}:
    each = dict(path=path, content=None, link=None, owner=None, group=None, mode=None)
    if os.path.islink(path):
        each["link"] = os.readlink(path)
    elif os.path.exists(path):
        at = os.stat(path)
        each.update(content=open(path).read(), mode=oct(stat.S_IMODE(at.st_mode))[2:])
        each.update(owner=pwd.getpwuid(at.st_uid).pw_name, group=grp.getgrgid(at.st_gid).gr_name)
    found.append(each)
print(json.dumps(found))
"""
# A line by hand in every file, and the clock's service stopped: all has to be done again. A container's /etc/hosts and
# /etc/hostname are mounts, which pyinfra cannot replace; they stay.
SPOIL = """
import os, subprocess
for path in {paths!r}:
    if os.path.isfile(path) and not os.path.islink(path) and not os.path.ismount(path):
        open(path, "a").write("# by hand\\n")
subprocess.run(["systemctl", "stop", "chrony.service"], check=True)
"""
Work = dict[str, dict[str, list[Any]]]


def asked(report: dict[str, Any]) -> Work:
    """Return what a run asked of each host, from Ansible's JSON report of it, less what a container skips."""
    found: Work = {}
    for task in (task for play in report["plays"] for task in play["tasks"]):
        for host, result in task["hosts"].items():
            wanted = result.get("invocation", {}).get("module_args", {})
            if "packages_absent" not in wanted or result.get("skipped"):
                continue
            work = found.setdefault(host, {})
            for kind in ("files", "packages", "packages_absent", "commands", "services"):
                work.setdefault(kind, []).extend(each for each in wanted[kind] if not _is_skipped(each))
    return found


def _is_skipped(each: Any) -> bool:
    return isinstance(each, dict) and each.get("host_only") is not None


def state(hosts: Hosts, work: Work) -> dict[str, list[dict[str, Any]]]:
    """Every file that the roles lay, as it is on each host."""
    return {name: json.loads(out) for name, out in hosts.on_each(READ.format(paths=_paths(work))).items()}


def spoil(hosts: Hosts, work: Work) -> None:
    """Change every file and stop a service, on each host."""
    hosts.on_each(SPOIL.format(paths=_paths(work)))


def _paths(work: Work) -> list[str]:
    """Return the paths of files whose text is the roles', which are the same on all hosts."""
    (paths,) = {
        tuple(file["path"] for file in each["files"] if file["content"] or file["link"] or file["absent"])
        for each in work.values()
    }
    return list(paths)
