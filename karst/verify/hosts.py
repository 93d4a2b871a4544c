"""Asks every host once, by SSH: a probe goes to its python3, a document comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from karst import ssh
from karst.provider.planned import HostMap
from karst.verify.observed import ObservedHost
from karst.verify.reading.host import read

log = logging.getLogger(__name__)

# A key exchange takes a few milliseconds of a core; what is waited for is the probe, of which a host has but one.
_AT_ONCE = 32
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


async def observe(targets: Collection[HostTarget], tell: Callable[[str], None]) -> dict[str, ObservedHost]:
    """Ask each; none is left out, whatever it answers."""
    slots, found = asyncio.Semaphore(_AT_ONCE), dict[str, ObservedHost]()
    with ssh.known_hosts_files({target.reach.authority for target in targets}) as trust:

        async def one(target: HostTarget) -> None:
            async with slots:
                found[target.name] = await _ask(target, trust[target.reach.authority])
            tell(f"{len(found):,} of {len(targets):,} hosts")

        await asyncio.gather(*(one(target) for target in targets))
    return found


async def _ask(target: HostTarget, trust: Path) -> ObservedHost:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            status, out, err = await ssh.run(command(target, trust, "python3", "-I", "-"), PROBE)
    except TimeoutError:
        return ObservedHost(unread=f"it did not answer within {_PATIENCE_S:.0f} s")
    except (ssh.NoSshError, OSError) as fault:
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
    return ssh.options(target.name, target.place, trust)


def command(target: HostTarget, trust: Path, *words: str) -> list[str]:
    """Return the command that runs `words` on the host. Raises NoSshError."""
    return ssh.command(target.name, options(target, trust), target.reach.config, *words)
