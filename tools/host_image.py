"""The host image's recipe (`host_image/`: packages and files), and its way through mmdebstrap into podman."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from debian import ImageError

HERE = Path(__file__).resolve().parent / "host_image"
SUITE = "bookworm"
# Raised when the way of making changes, so that an image made the old way is not taken for the new.
WAY = "1"
# Every file's time in the image: two builds of the same packages give the same bytes.
EPOCH = "1700000000"
# Measured on two cores with a near mirror; the estimate that progress shows.
PACK_S, IMPORT_S = 60.0, 10.0
LOG_INTERVAL_S = 15.0

# mmdebstrap mounts the machine's /dev, /proc and /sys into what it makes, and a killed one leaves them there, where
# whoever clears up would delete through them. In namespaces of its own they end with it, and it ends with us.
APART = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child")

# After the files are laid: the first user, as an installer makes one, without a password or a key; services of those
# files, and none of the network's until a role or a switch's own seed asks for it; nothing that two hosts would share.
SETTLE = """
chroot "$1" useradd --create-home --shell /bin/bash --groups sudo karst
chroot "$1" systemctl --quiet enable host-keys.service
chroot "$1" systemctl --quiet disable frr.service lldpd.service nftables.service
rm -f "$1"/etc/ssh/ssh_host_*
: > "$1/etc/machine-id"
echo "container" > "$1/etc/hostname"
chroot "$1" dpkg-query --show --showformat '${Package} ${Version}\\n' > "$1/etc/karst-image"
"""
SETTINGS = ('CMD ["/lib/systemd/systemd"]', "STOPSIGNAL SIGRTMIN+3")


@dataclass(frozen=True)
class Recipe:
    """What decides the image, but for the versions of its packages."""

    suite: str
    packages: tuple[str, ...]
    key: str

    @property
    def name(self) -> str:
        """The image's name in podman."""
        return f"localhost/karst/host:{self.key}"


def load(folder: Path = HERE) -> Recipe:
    """Read the recipe. The key is a hash of packages, files, the way of making and the machine's type."""
    lines = (folder / "packages.txt").read_text().splitlines()
    packages = tuple(line for line in lines if line and not line.startswith("#"))
    way = [WAY, EPOCH, SUITE, SETTLE, SETTINGS, packages, platform.machine()]
    digest = hashlib.sha256(json.dumps(way).encode())
    for file in sorted(path for path in (folder / "files").rglob("*") if path.is_file()):
        digest.update(f"\0{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return Recipe(suite=SUITE, packages=packages, key=digest.hexdigest()[:12])


def pack(recipe: Recipe, sources: Sequence[str], folder: Path, log: Path) -> None:
    """Write `rootfs.tar.gz` into the folder. Raises ImageError; the whole output is in `log`.

    mmdebstrap rather than debootstrap: it takes security updates in the same pass and gives the same bytes each time.
    """
    command = [*APART, "mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(recipe.packages)}"]
    command += [f"--customize-hook=sync-in {HERE / 'files'} /", f"--customize-hook={SETTLE}"]
    command += [recipe.suite, str(folder / "rootfs.tar.gz"), *sources]
    environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH, "TMPDIR": str(folder)}
    _run(command, log, f"Debian {recipe.suite} from its mirror", PACK_S, environment)


def imported(recipe: Recipe) -> bool:
    """Whether podman has the image."""
    command = ["podman", "image", "exists", recipe.name]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own name


def bring_in(recipe: Recipe, packed: Path) -> None:
    """Give the packed image to podman under the recipe's name. Raises ImageError."""
    changes = [part for setting in SETTINGS for part in ("--change", setting)]
    inspect = ["podman", "image", "inspect", "--format", "{{.Id}}", recipe.name]
    former = subprocess.run(inspect, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    command = ["podman", "import", "--quiet", *changes, str(packed / "rootfs.tar.gz"), recipe.name]
    _run(command, packed.parent / "import.log", "import into podman", IMPORT_S, dict(os.environ))
    if former:
        # Nameless now; podman keeps it as long as a container is made of it.
        subprocess.run(["podman", "rmi", former], capture_output=True, check=False)  # noqa: S603, S607


def _run(command: Sequence[str], log: Path, what: str, estimate_s: float, environment: dict[str, str]) -> None:
    started = time.monotonic()
    sys.stderr.write(f"image: {what}, about {estimate_s:.0f} s\n")
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs and arguments
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while not _ended(process):
                sys.stderr.write(f"image: {what}, {time.monotonic() - started:.0f} s so far\n")
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode:
        tail = "\n  ".join(log.read_text().splitlines()[-15:])
        raise ImageError(f"{what} failed with exit status {process.returncode}:\n  {tail}\nall: {log}")
    sys.stderr.write(f"image: {what} done after {time.monotonic() - started:.0f} s\n")


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=LOG_INTERVAL_S)
    except subprocess.TimeoutExpired:
        return False
    return True
