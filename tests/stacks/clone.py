"""A clone of the project in a folder of its own, acted on through the same commands as a person's."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from karst.twin.client import Control
from karst.twin.home import Home

ROOT = Path(__file__).resolve().parents[2]
KARST = Path(sys.executable).parent / "karst"
SERVERS = tuple(f"h1-r1-{rack:02d}-s{server:02d}" for rack in (1, 2, 3) for server in (1, 2, 3, 4))

_COPIED = ("Pulumi.yaml", "__main__.py", "Makefile", "hardware", "templates", "sites/lab")
_LINKED = ("tools", ".venv")


@dataclass(frozen=True, slots=True)
class Run:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Both streams, for messages."""
        return f"exit status {self.status}\n{self.out}\n{self.err}"


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone with a workspace of its own; its twin has BMCs alone unless `hosts`."""

    folder: Path
    hosts: bool = False

    @staticmethod
    def create(folder: Path) -> Clone:
        """What `git clone` would bring, except for what Python finds in the environment anyway."""
        for name in _COPIED:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
        (folder / "stacks").mkdir()
        for source in (ROOT / "stacks").glob("*.py"):
            shutil.copy(source, folder / "stacks")
        for name in _LINKED:
            (folder / name).symlink_to(ROOT / name)
        return Clone(folder)

    @staticmethod
    def create_without_cluster(folder: Path) -> Clone:
        """The same of a site that has servers and nothing more, so that its twin runs no Kubernetes."""
        made = Clone.create(folder)
        site = folder / "sites" / "lab"
        (site / "tenants.yml").write_text("schema: 1\ntenants: {}\n")
        (site / "clusters.yml").write_text("schema: 1\nclusters: {}\n")
        racks, allocations = site / "racks.yml", site / "allocations.yml"
        text, role = racks.read_text(), "        role: control_plane\n"
        assert role in text
        racks.write_text(text.replace(role, ""))
        before, members, after = allocations.read_text().partition("control_plane:\n")
        assert members
        allocations.write_text(before + "switches:" + after.partition("switches:")[2])
        return made

    @property
    def home(self) -> Path:
        """Its workspace."""
        return self.folder / ".karst"

    @property
    def control(self) -> Control:
        """Its twin's control socket."""
        return Control(Home(self.home / "twin"))

    @property
    def secrets(self) -> dict[str, Any]:
        """Users and passwords."""
        found: dict[str, Any] = json.loads((self.home / "secrets.json").read_text())
        return found

    @property
    def ports(self) -> dict[str, int]:
        """Its listeners'."""
        found: dict[str, int] = json.loads((self.home / "workspace.json").read_text())["ports"]
        return found

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """A command under way in the clone."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("KARST_", "PULUMI_"))}
        if not self.hosts:
            environment["KARST_HOSTS"] = "no"
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str | Path) -> Run:
        """A command to its end."""
        process = self.start(*command)
        out, err = process.communicate(timeout=240)
        return Run(process.returncode, out, err)

    def run_watched(self, *command: str | Path) -> tuple[Run, set[str]]:
        """The same, and what a process list showed of those that took part: arguments, and variables as NAME=value."""
        words: set[str] = set()
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.05):
                for process in self.processes():
                    with suppress(psutil.Error):
                        words.update(process.cmdline())
                        words.update(f"{name}={value}" for name, value in process.environ().items())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            return self.run(*command), words
        finally:
            ended.set()
            watcher.join()

    def karst(self, *arguments: str) -> Run:
        """A command of Karst to its end."""
        return self.run(KARST, *arguments)

    def shell(self, script: str) -> Run:
        """A script in a shell made by `make env`, as the README says."""
        return self.run("bash", "-euc", f'eval "$(make -s env)"\n{script}')

    def up(self, *arguments: str) -> dict[str, Any]:
        """`karst up` that must succeed; its summary."""
        run = self.karst("up", "--format", "json", *arguments)
        assert run.status == 0, run.all
        summary: dict[str, Any] = json.loads(run.out)
        return summary

    def devices(self) -> dict[str, dict[str, Any]]:
        """The twin's own truth of every device."""
        found: dict[str, dict[str, Any]] = self.control.status()["devices"]
        return found

    def truth(self) -> dict[str, dict[str, Any]]:
        """All that each device of the twin remembers, its event log too; what was only read or logged in to is not."""
        store = sqlite3.connect(f"file:{Home(self.home / 'twin').database}?mode=ro", uri=True)
        with closing(store):
            found: dict[str, dict[str, Any]] = {}
            for device, section, body in store.execute("SELECT device, section, body FROM state"):
                found.setdefault(device, {})[section] = json.loads(body)
            return found

    def events(self, device: str) -> list[str]:
        """The messages of a device's event log, oldest first."""
        return [entry["message"] for entry in self.truth().get(device, {}).get("log", {}).get("entries", [])]

    def files(self) -> set[str]:
        """Every file of the clone but Python's own."""
        return {
            str(each.relative_to(self.folder))
            for each in self.folder.rglob("*")
            if "__pycache__" not in each.parts and not each.is_symlink()
        }

    def processes(self) -> list[psutil.Process]:
        """Every living process whose command line or environment is this clone's."""
        return [each for each in psutil.process_iter() if _mentions(each, str(self.folder))]

    @contextmanager
    def restored(self, *names: str) -> Iterator[None]:
        """Files of the clone, afterwards as they were."""
        before = {name: (self.folder / name).read_text() for name in names}
        try:
            yield
        finally:
            for name, text in before.items():
                (self.folder / name).write_text(text)

    @contextmanager
    def edited(self, name: str, change: Callable[[str], str]) -> Iterator[None]:
        """A file of the clone, changed for a while."""
        path = self.folder / name
        with self.restored(name):
            before = path.read_text()
            after = change(before)
            assert after != before, f"{name} is as before"
            path.write_text(after)
            yield


def _mentions(process: psutil.Process, folder: str) -> bool:
    try:
        words = [*process.cmdline(), *process.environ().values()]
        return process.status() != psutil.STATUS_ZOMBIE and any(f"{folder}/" in word for word in words)
    except psutil.Error:
        return False


def await_true(what: str, done: Callable[[], bool], patience_s: float = 60.0) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + patience_s
    while not done():
        assert time.monotonic() < deadline, f"not within {patience_s:.0f} s: {what}"
        time.sleep(0.05)
