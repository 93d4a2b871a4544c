"""OpenSSH's client, for hosts and switches alike: it does the speaking.

So whatever the operator's own configuration has counts: keys, agents, bastions. What does not come from there is whom
to trust: a device's key has to be signed by the site's SSH CA, for the device's name.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from karst.ssh_ca import known_hosts

_CONNECT_S = 10


class NoSshError(Exception):
    """This machine has no OpenSSH."""


@contextmanager
def known_hosts_files(authorities: set[str]) -> Iterator[dict[str, Path]]:
    """A `known_hosts` file for each authority."""
    with tempfile.TemporaryDirectory(prefix="karst-") as folder:
        made = {}
        for number, authority in enumerate(sorted(authorities)):
            made[authority] = Path(folder) / f"known_hosts_{number}"
            made[authority].write_text(known_hosts(authority))
        yield made


def options(name: str, place: str, trust: Path) -> dict[str, str]:
    """Return the options of ssh that reach a device at `place` and trust nobody but the CA of the `known_hosts` file.

    `place` is address and port (`127.80.0.1:2222`).
    """
    address, _, port = place.rpartition(":")
    return {
        "BatchMode": "yes",
        "ConnectTimeout": str(_CONNECT_S),
        "HostName": address,
        "Port": port,
        "HostKeyAlias": name,
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(trust),
        "GlobalKnownHostsFile": "none",
        "LogLevel": "ERROR",  # a banner is no reason
    }


def command(name: str, given: dict[str, str], config: Path | None, *words: str) -> list[str]:
    """Return the command that runs `words` on a device; `config` None is the operator's own. Raises NoSshError."""
    ssh = shutil.which("ssh")
    if ssh is None:
        raise NoSshError("ssh is not on PATH; install openssh-client")
    each = [word for key, value in given.items() for word in ("-o", f"{key}={value}")]
    return [ssh, *(["-F", str(config)] if config else []), *each, name, *words]


async def run(words: list[str], given: bytes) -> tuple[int, bytes, bytes]:
    """Run a command with `given` as its input; exit status, output and errors. Cancelled, it is killed."""
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out, err
