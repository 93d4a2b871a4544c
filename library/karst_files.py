#!/usr/bin/python
"""Ansible module: a role's files, and what must follow when they change, in one round trip. See docs/roles.md."""

# ruff: noqa: E402 - Ansible reads the documentation from above the imports

from __future__ import annotations

DOCUMENTATION = r"""
module: karst_files
short_description: Lays down a set of files, has the packages they need, and sees to the services that read them
description:
  - Reads the host, decides, then acts; check mode stops before the last. Packages come first, since they bring the
    programs that check new content; before them only what says so. That is checked, all of it, before any is laid.
  - A service or command that is due because a file changed is noted in C(/run/karst/pending) until it is done, so that
    a run that was killed in between is made good by the next.
  - The action plugin of the same name renders templates on the controller.
options:
  packages:
    description: Debian packages that are installed, without what they recommend.
    type: list
    elements: str
    default: []
  packages_absent:
    description: Debian packages that are purged. Those that no source knows may be named.
    type: list
    elements: str
    default: []
  files:
    description:
      - Files to lay. Without C(template), C(content), C(link) and C(absent) only mode and owner of an existing one are
        set.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {type: path, required: true, description: Where.}
      template: {type: str, description: Name of a template of the role.}
      content: {type: str, description: Text.}
      link: {type: path, description: What a symbolic link points to.}
      absent: {type: bool, default: false, description: The file is removed.}
      container_only: {type: bool, default: false, description: "On a host that is no container, the file is removed."}
      before_packages:
        type: bool
        default: false
        description: It is laid before packages are installed, so that a daemon they start knows it at once.
      mode: {type: str, description: Octal digits; C(0644) for a new file.}
      owner: {type: str, description: Name; C(root) for a new file.}
      group: {type: str, description: Name; C(root) for a new file.}
      check: {type: list, elements: str, description: Command that must accept the content; C(%s) is a file with it.}
      secret: {type: bool, default: false, description: Its content is not shown.}
  commands:
    description: Commands that make a changed file count, in this order, before the services.
    type: list
    elements: dict
    default: []
    suboptions:
      run: {type: list, elements: str, required: true, description: Program and arguments.}
      follows: {type: list, elements: path, default: [], description: It runs when one of these changed.}
      unless: {type: list, elements: str, description: It also runs when this command fails; it must change nothing.}
      host_only: {type: str, description: Why it is skipped in a container.}
  services:
    description: Units and how they shall be.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {type: str, required: true, description: With its suffix, C(chrony.service).}
      state:
        description: C(running) is enabled too, C(stopped) is disabled too, C(masked) cannot be started.
        type: str
        choices: [running, stopped, masked]
        default: running
      follows: {type: list, elements: path, default: [], description: It is restarted when one of these changed.}
      reload: {type: bool, default: false, description: Reload it in place of a restart.}
      host_only: {type: str, description: Why it is skipped in a container.}
author: Karst
"""

EXAMPLES = r"""
- name: Configure chrony
  karst_files:
    packages: [chrony]
    files:
      - {path: /etc/chrony/chrony.conf, template: chrony.conf.j2, check: [chronyd, -p, -f, "%s"]}
    services:
      - {name: chrony.service, follows: [/etc/chrony/chrony.conf]}
"""

RETURN = r"""
actions: {description: What was done or would be, type: list, elements: str, returned: always}
skipped_in_container:
  description: What a container cannot have, each with its reason
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.karst_files import Change, Files
from ansible.module_utils.karst_packages import Packages
from ansible.module_utils.karst_units import Due, Units

FILE: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "template": {"type": "str"},
    "content": {"type": "str"},
    "link": {"type": "path"},
    "absent": {"type": "bool", "default": False},
    "container_only": {"type": "bool", "default": False},
    "before_packages": {"type": "bool", "default": False},
    "mode": {"type": "str"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "check": {"type": "list", "elements": "str"},
    "secret": {"type": "bool", "default": False},
}
COMMAND: dict[str, Any] = {
    "run": {"type": "list", "elements": "str", "required": True},
    "follows": {"type": "list", "elements": "path", "default": []},
    "unless": {"type": "list", "elements": "str"},
    "host_only": {"type": "str"},
}
SERVICE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["running", "stopped", "masked"], "default": "running"},
    "follows": {"type": "list", "elements": "path", "default": []},
    "reload": {"type": "bool", "default": False},
    "host_only": {"type": "str"},
}


def _list(options: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "default": [], "options": options, **more}


NAMES: dict[str, Any] = {"type": "list", "elements": "str", "default": []}
SPEC: dict[str, Any] = {
    "packages": NAMES,
    "packages_absent": NAMES,
    "files": _list(FILE, mutually_exclusive=[("template", "content", "link")]),
    "commands": _list(COMMAND),
    "services": _list(SERVICE),
}


def main() -> None:
    """Read, decide, act; or read and decide, in check mode."""
    module = AnsibleModule(SPEC, supports_check_mode=True)
    wanted, trial, run = module.params, module.check_mode, module.run_command
    in_container = run(["systemd-detect-virt", "--quiet", "--container"])[0] == 0

    packages = Packages(wanted["packages"], wanted["packages_absent"], run)
    result: dict[str, Any] = {
        "changed": bool(packages.sentences),
        "actions": packages.sentences,
        "skipped_in_container": [],
        # All but the text of files: what was asked for, for who reads Ansible's JSON.
        "invocation": {"module_args": {**wanted, "files": [_shown(file) for file in wanted["files"]]}},
        "diff": [{"prepared": f"{sentence}\n"} for sentence in packages.sentences],
    }
    _stop(module, result, packages.faults())
    here = _here(wanted["files"], in_container)
    if not trial:
        early = Files([file for file in here if file["before_packages"] and packages.lacking], run, trial=trial)
        _stop(module, result, early.faults())
        _tell(result, early.changes)
        for change in early.changes:
            change.make()
        # What is installed may bring files and units of its own, so the rest is read after it.
        _stop(module, result, [failed] if (failed := packages.act()) else [])

    files = Files(here, run, trial=trial)
    due = Due({change.path for change in files.changes})
    units = Units(wanted["commands"], wanted["services"], due, run, trial=trial, in_container=in_container)
    result["changed"] |= bool(files.changes or units.steps)
    _tell(result, files.changes)
    result["actions"] += [step.sentence for step in units.steps]
    result["skipped_in_container"] = units.skipped
    result["diff"] += units.diff()
    _stop(module, result, files.faults() + units.faults())
    if not trial:
        due.note(units.steps)
        for change in files.changes:
            change.make()
        _stop(module, result, [failed] if (failed := units.act(files.changes)) else [])
    module.exit_json(**result)


def _here(files: list[dict[str, Any]], in_container: bool) -> list[dict[str, Any]]:
    """Return the files as this host shall have them."""
    return [{**file, "absent": file["absent"] or (file["container_only"] and not in_container)} for file in files]


def _tell(result: dict[str, Any], changes: list[Change]) -> None:
    """Add what is done, or would be, and how it looks."""
    result["actions"] += [change.sentence for change in changes]
    result["diff"] += [change.diff() for change in changes]


def _shown(file: dict[str, Any]) -> dict[str, Any]:
    """Return what was asked of a file, less its text."""
    return {**file, "content": None if file["content"] is None else "not shown"}


def _stop(module: AnsibleModule, result: dict[str, Any], faults: list[str]) -> None:
    """End with all faults, if there are any."""
    if faults:
        module.fail_json(msg="; ".join(faults), **result)


if __name__ == "__main__":
    main()
