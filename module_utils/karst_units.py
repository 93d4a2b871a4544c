"""Services and commands that follow files: how they are, how they shall be. Of the module karst_files."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.karst_files import Change, Run

# In memory: a host that has started anew has started every service with the files it then had.
PENDING = Path("/run/karst/pending")
UNIT_FOLDERS = ("/etc/systemd/", "/usr/lib/systemd/", "/lib/systemd/")
ENABLED = ("enabled", "enabled-runtime", "static", "indirect", "generated", "alias")


class Due:
    """What must follow changed files. It is noted before they change, so that a killed run is made good by the next."""

    def __init__(self, changed: set[str], folder: Path = PENDING) -> None:
        self._changed = changed
        self._folder = folder

    def __call__(self, key: str, follows: Iterable[str]) -> bool:
        """Whether a followed file changes now, or changed before and nothing followed."""
        return bool(self._changed.intersection(follows)) or self._path(key).exists()

    def lays(self, unit: str) -> bool:
        """Whether a file of this task brings the unit."""
        return any(path.startswith(UNIT_FOLDERS) and path.endswith(f"/{unit}") for path in self._changed)

    def note(self, steps: Iterable[Step]) -> None:
        """Note the steps that follow files."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for step in steps:
            if step.follows:
                self._path(step.key).write_text(step.key, encoding="utf-8")

    def done(self, step: Step) -> None:
        """Strike the step out."""
        self._path(step.key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Step:
    """A command to run."""

    key: str
    sentence: str
    commands: tuple[tuple[str, ...], ...]
    follows: bool
    # The unit that must be active afterwards.
    unit: str | None = None


class Units:
    """The commands and services of a task: the steps that are due, and what is wrong with what was asked."""

    def __init__(
        self,
        commands: list[dict[str, Any]],
        services: list[dict[str, Any]],
        due: Due,
        run: Run,
        *,
        trial: bool,
        in_container: bool,
    ) -> None:
        self.skipped: list[str] = []
        self._run = run
        self._due = due
        self._trial = trial
        self._faults: list[str] = []
        self._in_container = in_container
        commands = self._possible(commands, lambda each: each["run"][0])
        services = self._possible(services, lambda each: each["name"])
        self._found = self._read([each["name"] for each in services])
        found = [self._command(each) for each in commands] + [self._service(each) for each in services]
        self.steps = [step for step in found if step is not None]

    def faults(self) -> list[str]:
        """Return everything that is wrong, as sentences."""
        return self._faults

    def diff(self) -> list[dict[str, str]]:
        """Return the steps in the form that Ansible shows."""
        return [{"prepared": f"{step.sentence}\n"} for step in self.steps]

    def act(self, changes: Iterable[Change]) -> str:
        """Take the steps. Return a sentence about the first that failed, or nothing; that one stays due."""
        if any(change.path.startswith(UNIT_FOLDERS) for change in changes):
            self._run(["systemctl", "daemon-reload"])
        for step in self.steps:
            failed = self._take(step)
            if failed:
                return failed
            self._due.done(step)
        return ""

    def _possible(self, wanted: list[dict[str, Any]], name: Callable[[dict[str, Any]], str]) -> list[dict[str, Any]]:
        if not self._in_container:
            return wanted
        self.skipped += [f"{name(each)}: {each['host_only']}" for each in wanted if each["host_only"]]
        return [each for each in wanted if not each["host_only"]]

    def _read(self, names: list[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        properties = "--property=Id,LoadState,ActiveState,UnitFileState"
        found = {}
        # One call for all; a unit that is asked for by an alias is found by its place in the answer.
        _, out, _ = self._run(["systemctl", "show", properties, "--", *names])
        for name, block in zip(names, out.strip().split("\n\n")):  # noqa: B905 - the oldest python has no strict
            found[name] = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        return found

    def _command(self, each: dict[str, Any]) -> Step | None:
        key = " ".join(each["run"])
        lacking = each["unless"] is not None and self._fails(each["unless"])
        if not lacking and not self._due(key, each["follows"]):
            return None
        return Step(key, f"{key} is run", (tuple(each["run"]),), bool(each["follows"]))

    def _fails(self, command: list[str]) -> bool:
        # A program that is not there yet comes with a package, which a trial does not install.
        return shutil.which(command[0]) is None or bool(self._run(command)[0])

    def _service(self, each: dict[str, Any]) -> Step | None:
        name, state, found = each["name"], each["state"], self._found.get(each["name"], {})
        load, active = found.get("LoadState", "not-found"), found.get("ActiveState", "inactive")
        if state == "masked":
            masked = load == "masked" and active in ("inactive", "failed")
            return None if masked else _step(name, "masked", ("mask", "--now"))
        if load == "not-found" and state == "stopped":
            return None
        if load == "not-found" and not self._trial and not self._due.lays(name):
            self._faults.append(f"{name} shall be running, and no package of this host has it")
            return None
        enabled = found.get("UnitFileState") in ENABLED
        if state == "stopped":
            off = active in ("inactive", "failed") and found.get("UnitFileState") != "enabled"
            return None if off else _step(name, "stopped and disabled", ("disable", "--now"))
        return self._running(each, load == "masked", enabled, active)

    def _running(self, each: dict[str, Any], masked: bool, enabled: bool, active: str) -> Step | None:
        name = each["name"]
        verbs: list[tuple[str, ...]] = [("unmask",)] if masked else []
        verbs += [] if enabled else [("enable", "--quiet")]
        done = [] if enabled else ["enabled"]
        if active != "active":
            # What failed before must not keep it from a start now.
            verbs += [("reset-failed",), ("start",)] if active == "failed" else [("start",)]
            done.append("started")
        elif self._due(name, each["follows"]):
            verbs.append(("reload-or-restart",) if each["reload"] else ("restart",))
            done.append("reloaded" if each["reload"] else "restarted")
        return _step(name, " and ".join(done), *verbs, follows=bool(each["follows"]), unit=name) if verbs else None

    def _take(self, step: Step) -> str:
        for command in step.commands:
            code, out, err = self._run(list(command))
            if code:
                return f"{' '.join(command)} failed: {err.strip() or out.strip()}{self._journal(step.unit)}"
        if step.unit and self._fails(["systemctl", "is-active", "--quiet", step.unit]):
            return f"{step.unit} was started and is not active{self._journal(step.unit)}"
        return ""

    def _journal(self, unit: str | None) -> str:
        if unit is None:
            return ""
        lines = self._run(["journalctl", "--no-pager", "--output=cat", "--lines=8", f"--unit={unit}"])[1]
        return "".join(f"\n  {line}" for line in lines.splitlines())


def _step(name: str, done: str, *verbs: tuple[str, ...], follows: bool = False, unit: str | None = None) -> Step:
    commands = tuple(("systemctl", *verb, name) for verb in verbs)
    return Step(name, f"{name} is {done}", commands, follows, unit)
