"""Asks every host once, by SSH: a probe goes to its python3, a document comes back. OpenSSH does the speaking.

So whatever the operator's own configuration has counts: keys, agents, bastions. What does not come from there is whom
to trust: a host's key has to be signed by the site's SSH CA, for the host's name.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from karst.provider.planned import HostMap
from karst.ssh_ca import known_hosts
from karst.verify.observed import ObservedHost
from karst.verify.reading.host import read

log = logging.getLogger(__name__)

# A key exchange takes a few milliseconds of a core; what is waited for is the probe, of which a host has but one.
_AT_ONCE = 32
_CONNECT_S = 10
_PATIENCE_S = 60.0
_SAID_MAX = 200
PROBE = files("karst.verify.reading").joinpath("host_probe.py").read_bytes()


@dataclass(frozen=True, slots=True)
class HostReach:
    """How hosts are reached. `authority`: public key of the CA that signs theirs; `config`: None for the operator's."""

    authority: str
    host_map: HostMap
    config: Path | None = None


@dataclass(frozen=True, slots=True)
class HostTarget:
    """A host, and where its sshd answers (`127.80.0.1:2222`)."""

    name: str
    place: str
    reach: HostReach


class NoSshError(Exception):
    """This machine has no OpenSSH."""


async def observe(targets: Collection[HostTarget], tell: Callable[[str], None]) -> dict[str, ObservedHost]:
    """Ask each; none is left out, whatever it answers."""
    slots, found = asyncio.Semaphore(_AT_ONCE), dict[str, ObservedHost]()
    with known_hosts_files({target.reach.authority for target in targets}) as trust:

        async def one(target: HostTarget) -> None:
            async with slots:
                found[target.name] = await _ask(target, trust[target.reach.authority])
            tell(f"{len(found):,} of {len(targets):,} hosts")

        await asyncio.gather(*(one(target) for target in targets))
    return found


@contextmanager
def known_hosts_files(authorities: set[str]) -> Iterator[dict[str, Path]]:
    """A `known_hosts` file for each authority."""
    with tempfile.TemporaryDirectory(prefix="karst-") as folder:
        made = {}
        for number, authority in enumerate(sorted(authorities)):
            made[authority] = Path(folder) / f"known_hosts_{number}"
            made[authority].write_text(known_hosts(authority))
        yield made


async def _ask(target: HostTarget, trust: Path) -> ObservedHost:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            status, out, err = await _run(command(target, trust, "python3", "-I", "-"))
    except TimeoutError:
        return ObservedHost(unread=f"it did not answer within {_PATIENCE_S:.0f} s")
    except (NoSshError, OSError) as fault:
        return ObservedHost(unread=str(fault))
    if status:
        last = err.decode(errors="replace").strip().splitlines()[-1:] or [f"ssh ended with {status}"]
        return ObservedHost(unread=last[0][:_SAID_MAX])
    try:
        return read(out, target.reach.authority)
    except Exception as fault:
        # One host that says what nobody foresaw must not leave the rest of the site unseen.
        log.exception("%s", target.name)
        return ObservedHost(unread=f"unforeseen {type(fault).__name__}: {fault}")


def options(target: HostTarget, trust: Path) -> dict[str, str]:
    """Return the options of ssh that reach a host and trust nobody but the CA whose `known_hosts` is `trust`."""
    address, _, port = target.place.rpartition(":")
    return {
        "BatchMode": "yes",
        "ConnectTimeout": str(_CONNECT_S),
        "HostName": address,
        "Port": port,
        "HostKeyAlias": target.name,
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": str(trust),
        "GlobalKnownHostsFile": "none",
        "LogLevel": "ERROR",  # a banner is no reason
    }


def command(target: HostTarget, trust: Path, *words: str) -> list[str]:
    """Return the command that runs `words` on the host. Raises NoSshError."""
    ssh = shutil.which("ssh")
    if ssh is None:
        raise NoSshError("ssh is not on PATH; install openssh-client")
    given = [word for key, value in options(target, trust).items() for word in ("-o", f"{key}={value}")]
    config = ["-F", str(target.reach.config)] if target.reach.config else []
    return [ssh, *config, *given, target.name, *words]


async def _run(words: list[str]) -> tuple[int, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await process.communicate(PROBE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out, err
