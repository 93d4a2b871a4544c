"""Files as they are on this host, as they shall be, and the way there. Of the module karst_files."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

# AnsibleModule.run_command: exit code, output, error output.
Run = Callable[..., "tuple[int, str, str]"]


@dataclass(frozen=True)
class State:
    """What lies at a path: nothing, a file's text, or a link; whose it is and who may use it."""

    text: str | None = None
    link: str | None = None
    mode: int = 0
    owner: int = 0
    group: int = 0

    @property
    def there(self) -> bool:
        """Whether anything lies there."""
        return self.text is not None or self.link is not None

    def lines(self) -> str:
        """Return it as text for a diff: the content, below it who may use it unless it is a link."""
        if self.link is not None:
            return f"-> {self.link}\n"
        if self.text is None:
            return ""
        return f"{self.text}# {self.mode:04o} {_name(self.owner, pwd.getpwuid)}:{_name(self.group, grp.getgrgid)}\n"


def read(path: str) -> State:
    """Return what lies at the path. Raises IsADirectoryError."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return State()
    if stat.S_ISLNK(found.st_mode):
        return State(link=str(Path(path).readlink()))
    # Not as text, or a file whose lines end as on other systems would seem the same.
    text = Path(path).read_bytes().decode("utf-8", "surrogateescape")
    return State(text=text, mode=stat.S_IMODE(found.st_mode), owner=found.st_uid, group=found.st_gid)


@dataclass(frozen=True)
class Change:
    """A path that is not as it shall be."""

    path: str
    before: State
    after: State
    secret: bool

    @property
    def sentence(self) -> str:
        """What is done, in a few words."""
        if not self.after.there:
            return f"{self.path} is removed"
        return f"{self.path} is {'changed' if self.before.there else 'made'}"

    def diff(self) -> dict[str, str]:
        """Return it in the form that Ansible shows."""
        header = {"before_header": self.path, "after_header": self.path}
        if self.secret:
            return {**header, "before": "", "after": "its content is a secret\n"}
        return {**header, "before": self.before.lines(), "after": self.after.lines()}

    def make(self) -> None:
        """Put it in place whole, or not at all. Raises OSError."""
        if not self.after.there:
            Path(self.path).unlink()
            return
        folder = Path(self.path).parent
        folder.mkdir(parents=True, exist_ok=True)
        # In the same folder, as only a rename within a file system is whole; hidden, so that no *.d reader takes it.
        handle, fresh = tempfile.mkstemp(prefix=".karst.", dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                self._fill(file, fresh)
            self._into_place(fresh)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise

    def _into_place(self, fresh: str) -> None:
        try:
            Path(fresh).replace(self.path)
        except OSError as error:
            # A container's /etc/hosts and /etc/hostname are mounts, which nothing can take the place of.
            if error.errno != errno.EBUSY:
                raise
            shutil.copyfile(fresh, self.path)
            Path(fresh).unlink()

    def _fill(self, file: Any, fresh: str) -> None:
        if self.after.link is not None:
            Path(fresh).unlink()
            Path(fresh).symlink_to(self.after.link)
            return
        file.write(self.after.text)
        file.flush()
        os.fchown(file.fileno(), self.after.owner, self.after.group)
        os.fchmod(file.fileno(), self.after.mode)
        os.fsync(file.fileno())


class Files:
    """The files of a task: what must change, and what is wrong with what was asked."""

    def __init__(self, wanted: list[dict[str, Any]], run: Run, *, trial: bool) -> None:
        self.changes: list[Change] = []
        self._trial = trial
        self._faults: list[str] = []
        self._run = run
        self._checks: list[tuple[Change, list[str]]] = []
        seen: set[str] = set()
        for each in wanted:
            if each["path"] in seen:
                self._faults.append(f"{each['path']} is asked for twice")
            seen.add(each["path"])
            try:
                self._decide(each)
            except (OSError, KeyError, ValueError) as error:
                self._faults.append(f"{each['path']}: {error}")

    def _decide(self, each: dict[str, Any]) -> None:
        before = read(each["path"])
        after = _after(each, before)
        if after.link is not None and not (Path(each["path"]).parent / after.link).exists():
            raise ValueError(f"there is no {after.link} to point to")
        if after == before:
            return
        change = Change(each["path"], before, after, each["secret"])
        self.changes.append(change)
        if each["check"] and after.text is not None:
            self._checks.append((change, each["check"]))

    def faults(self) -> list[str]:
        """Return everything that is wrong, as sentences: what cannot be, and what a check refused."""
        return self._faults + [fault for change, check in self._checks for fault in self._refused(change, check)]

    def _refused(self, change: Change, check: list[str]) -> list[str]:
        if shutil.which(check[0]) is None:
            # A trial installs no packages, so it cannot ask the programs that come with them.
            return [] if self._trial else [f"{change.path} is checked by {check[0]}, which this host does not have"]
        with tempfile.NamedTemporaryFile("w", prefix="karst.", suffix=Path(change.path).name) as file:
            file.write(change.after.text or "")
            file.flush()
            code, out, err = self._run([part.replace("%s", file.name) for part in check])
        if not code:
            return []
        said = " ".join((err.strip() or out.strip()).replace(file.name, change.path).split())
        return [f"{check[0]} refuses the new {change.path}: {said}"]


def _after(each: dict[str, Any], before: State) -> State:
    if each["absent"]:
        return State()
    if each["link"] is not None:
        return State(link=each["link"])
    if each["content"] is None:
        # Permissions only, and of nothing that is not there.
        return _owned(each, before) if before.text is not None else before
    known = before if before.text is not None else State(mode=0o644)
    return replace(_owned(each, known), text=each["content"])


def _owned(each: dict[str, Any], known: State) -> State:
    """Apply the wanted mode and owner. Raises KeyError for an unknown name, ValueError for a mode of other digits."""
    mode = known.mode if each["mode"] is None else int(each["mode"], 8)
    owner = known.owner if each["owner"] is None else pwd.getpwnam(each["owner"]).pw_uid
    group = known.group if each["group"] is None else grp.getgrnam(each["group"]).gr_gid
    return replace(known, mode=mode, owner=owner, group=group)


def _name(number: int, look_up: Callable[[int], Any]) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return str(number)
