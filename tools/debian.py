"""What this machine's own Debian gives: packages to install, and the mirror that it is configured for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Program -> the Debian package that has it. netavark and aardvark-dns lie outside PATH; podman finds them itself.
NEEDED = {
    "podman": "podman",
    "runc": "runc",
    "mmdebstrap": "mmdebstrap",
    "iptables": "iptables",
    "/usr/lib/podman/netavark": "netavark",
    "/usr/lib/podman/aardvark-dns": "aardvark-dns",
    "nft": "nftables",
    "/usr/lib/frr/bgpd": "frr",
    "/usr/lib/frr/frr-reload.py": "frr-pythontools",
}
# The twin's fabric starts routing daemons in namespaces of its own; this machine is to have none. A unit that its
# administrator has masked stays so, and Debian's packages start nothing where this program says that it is forbidden.
MASKED = Path("/etc/systemd/system/frr.service")
POLICY = Path("/usr/sbin/policy-rc.d")
FORBIDDEN = "#!/bin/sh\nexit 101\n"
# A systemd in a container takes about six inotify instances; the kernel's default of 128 lets 20 of them start.
INOTIFY = "/proc/sys/fs/inotify/max_user_instances"
INOTIFY_INSTANCES = 1024


class ImageError(Exception):
    """What went wrong, as sentences for the person who ran the command."""


def provide() -> None:
    """Install what the image and its containers need of Debian packages, if it is missing.

    Raises ImageError: not root, no apt, or apt failed.
    """
    lacking = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if lacking:
        wanted = f"apt-get install --no-install-recommends {' '.join(lacking)}"
        if os.geteuid() != 0:
            raise ImageError(f"this machine lacks {', '.join(lacking)}; as root: {wanted}")
        if shutil.which("apt-get") is None:
            raise ImageError(
                f"this machine lacks {', '.join(lacking)} and has no apt-get; install them with its own means"
            )
        sys.stderr.write(f"image: installing {', '.join(lacking)}\n")
        _apt("update", "-q")
        if "frr" in lacking and not MASKED.is_symlink():
            MASKED.parent.mkdir(parents=True, exist_ok=True)
            MASKED.symlink_to("/dev/null")
        with _nothing_started():
            _apt("install", "-q", "-y", "--no-install-recommends", *lacking)
    if os.geteuid() != 0:
        raise ImageError("containers with a systemd of their own need root; run this as root")
    _raise_inotify_limit()


def sources(suite: str) -> list[str]:
    """Lines of sources.list for the Debian suite, its updates and its security updates, as apt here has them.

    Raises ImageError when apt knows no mirror of the suite.
    """
    wanted = (suite, f"{suite}-updates", f"{suite}-security")
    shown = "$(RELEASE) $(REPO_URI) $(COMPONENT)"
    targets = _said(["apt-get", "indextargets", "--format", shown, "Created-By: Packages"])
    lines = []
    for target in dict.fromkeys(targets.splitlines()):
        release, uri, component = target.split(" ")
        if release in wanted and component == "main":
            lines.append(f"deb {uri} {release} {component}")
    if not any(f" {suite} " in line for line in lines):
        raise ImageError(
            f"apt of this machine has no source of Debian's {suite}; add one to /etc/apt/sources.list.d"
            f" (deb <mirror>/debian {suite} main)"
        )
    return lines


@contextmanager
def _nothing_started() -> Iterator[None]:
    if POLICY.exists():  # the administrator has said already what packages may start
        yield
        return
    POLICY.write_text(FORBIDDEN)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _apt(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        tail = "\n  ".join((done.stdout + done.stderr).splitlines()[-10:])
        raise ImageError(f"{' '.join(command)} failed:\n  {tail}")


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise ImageError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def _raise_inotify_limit() -> None:
    """Raised until the machine starts again, never lowered."""
    with open(INOTIFY) as limit:  # noqa: PTH123 - a kernel's setting, not a file of ours
        if int(limit.read()) >= INOTIFY_INSTANCES:
            return
    try:
        with open(INOTIFY, "w") as limit:  # noqa: PTH123
            limit.write(str(INOTIFY_INSTANCES))
    except OSError as error:
        raise ImageError(f"{INOTIFY} is too low for forty hosts and cannot be raised: {error}") from error
