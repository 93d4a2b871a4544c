"""Where things lie in a clone and in its workspace."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


class WorkspaceError(Exception):
    """The workspace cannot be used; the message is a sentence that says why and what to do."""


class UnknownNameError(WorkspaceError):
    """Something was named that there is not; the message has the names there are."""


@dataclass(frozen=True, slots=True)
class Paths:
    """A clone (the folder of `Pulumi.yaml`) and its workspace `home` (`.karst/`, or what KARST_HOME says)."""

    clone: Path
    home: Path

    @property
    def description(self) -> Path:
        """Ports and ids; no secrets. Written last: its presence says that the workspace is whole."""
        return self.home / "workspace.json"

    @property
    def secrets(self) -> Path:
        """Users and passwords of the twin's BMCs, 0600."""
        return self.home / "secrets.json"

    @property
    def passphrase(self) -> Path:
        """Passphrase of the stacks' secrets, 0600."""
        return self.home / "passphrase"

    @property
    def authority(self) -> Path:
        """Folder of the site's CA in the twin's world."""
        return self.home / "ca"

    @property
    def ssh(self) -> Path:
        """Folder of the SSH CA in the twin's world, and of the operator's key."""
        return self.home / "ssh"

    @property
    def ssh_config(self) -> Path:
        """`ssh -F` with it reaches the twin's hosts by name."""
        return self.ssh / "config"

    @property
    def backend(self) -> Path:
        """Folder of Pulumi's file backend."""
        return self.home / "pulumi"

    @property
    def backend_url(self) -> str:
        """PULUMI_BACKEND_URL.

        Without `metadata=skip` each file has attributes beside it that are not written at one stroke: an engine killed
        in between left a stack that could not be read again ("failed to load checkpoint: EOF", seen with 3.274.1).
        """
        return f"file://{self.backend}?metadata=skip"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME, so that nothing is shared with the user's own Pulumi or another clone."""
        return self.home / "pulumi-home"

    @property
    def locks(self) -> Path:
        """Lock files between engines, one a BMC."""
        return self.home / "locks"

    @property
    def scratch(self) -> Path:
        """TMPDIR of Pulumi and its plugins: the Kubernetes one leaves the kubeconfig there, its key in clear."""
        return self.home / "tmp"

    @property
    def logs(self) -> Path:
        """Full output of every run of Pulumi."""
        return self.home / "logs"

    @property
    def twin(self) -> Path:
        """The twin's state."""
        return self.home / "twin"

    @property
    def kubeconfig(self) -> Path:
        """Administrator's access to the twin's Kubernetes API."""
        return self.twin / "control-plane" / "admin.kubeconfig"

    @property
    def stacks(self) -> Path:
        """Pulumi's `stackConfigDir`."""
        return self.clone / "stacks"

    @property
    def hardware(self) -> Path:
        """Device types and hardware specs."""
        return self.clone / "hardware"

    def site(self, name: str) -> Path:
        """Folder of a site. Raises UnknownNameError if there is none of that name."""
        folder = self.clone / "sites" / name
        if not (folder / "site.yml").is_file():
            known = sorted(each.parent.name for each in self.clone.glob("sites/*/site.yml"))
            raise UnknownNameError(f"there is no site {name!r}; there are: {', '.join(known) or 'none'}")
        return folder

    def stack_config(self, stack: str) -> Path:
        """A stack's configuration file."""
        return self.stacks / f"Pulumi.{stack}.yaml"

    def log(self, label: str, suffix: str = ".log") -> Path:
        """A log file named by `label`; runs append."""
        return self.logs / f"{label}{suffix}"


def find(start: Path | None = None) -> Paths:
    """The clone around `start` (default: the working directory), as git does it. Raises WorkspaceError if none is."""
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "sites").is_dir():
            home = os.environ.get("KARST_HOME")
            return Paths(folder, Path(home).absolute() if home else folder / ".karst")
    raise WorkspaceError(f"{start} is not in a clone of Karst: no folder above it has Pulumi.yaml and sites/")
