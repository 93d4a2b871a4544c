"""Asks hosts and switches, by SSH: a probe goes to a device's python3, a document comes back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from karst import ssh
from karst.provider.planned import HostMap
from karst.verify.observed import ObservedHost, ObservedNode
from karst.verify.reading.host import read
from karst.verify.reading.network import read as read_node

log = logging.getLogger(__name__)

# A key exchange takes a few milliseconds of a core; what is waited for is the probe, of which a host has but one.
_AT_ONCE = 32
_PATIENCE_S = 60.0
_SAID_MAX = 200
_PYTHON = ("python3", "-I", "-")
PROBE = files("karst.verify.reading").joinpath("host_probe.py").read_bytes()
NETWORK_PROBE = files("karst.verify.reading").joinpath("network_probe.py").read_bytes()
T = TypeVar("T")


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
    """Ask each host once; none is left out, whatever it answers."""

    def understood(target: HostTarget, out: bytes) -> ObservedHost:
        return read(out, target.reach.authority)

    return await _each(targets, (), PROBE, understood, lambda why: ObservedHost(unread=why), "hosts", tell)


async def observe_nodes(targets: Collection[HostTarget], tell: Callable[[str], None]) -> dict[str, ObservedNode]:
    """Ask each switch or host for its part of the network; none is left out, whatever it answers."""

    def understood(_: HostTarget, out: bytes) -> ObservedNode:
        return read_node(out)

    # FRR and LLDP answer root alone; once for all, as each sudo costs as much as what it runs.
    root = ("sudo", "-n")
    return await _each(targets, root, NETWORK_PROBE, understood, lambda why: ObservedNode(unread=why), "ways", tell)


async def _each(
    targets: Collection[HostTarget],
    before: tuple[str, ...],
    probe: bytes,
    understood: Callable[[HostTarget, bytes], T],
    unread: Callable[[str], T],
    what: str,
    tell: Callable[[str], None],
) -> dict[str, T]:
    slots, found = asyncio.Semaphore(_AT_ONCE), dict[str, T]()
    with ssh.known_hosts_files({target.reach.authority for target in targets}) as trust:

        async def one(target: HostTarget) -> None:
            async with slots:
                answer = await _ask(target, trust[target.reach.authority], before, probe)
            try:
                found[target.name] = unread(answer) if isinstance(answer, str) else understood(target, answer)
            except Exception as fault:
                # One device that says what nobody foresaw must not leave the rest of the site unseen.
                log.exception("%s", target.name)
                found[target.name] = unread(f"unforeseen {type(fault).__name__}: {fault}")
            tell(f"{len(found):,} of {len(targets):,} {what}")

        await asyncio.gather(*(one(target) for target in targets))
    return found


async def _ask(target: HostTarget, trust: Path, before: tuple[str, ...], probe: bytes) -> bytes | str:
    """Return what the probe printed, or in words why it printed nothing."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            status, out, err = await ssh.run(command(target, trust, *before, *_PYTHON), probe)
    except TimeoutError:
        return f"it did not answer within {_PATIENCE_S:.0f} s"
    except (ssh.NoSshError, OSError) as fault:
        return str(fault)
    if status:
        last = err.decode(errors="replace").strip().splitlines()[-1:] or [f"ssh ended with {status}"]
        return last[0][:_SAID_MAX]
    return out


def options(target: HostTarget, trust: Path) -> dict[str, str]:
    """Return the options of ssh that reach a host and trust nobody but the CA whose `known_hosts` is `trust`."""
    return ssh.options(target.name, target.place, trust)


def command(target: HostTarget, trust: Path, *words: str) -> list[str]:
    """Return the command that runs `words` on the host. Raises NoSshError."""
    return ssh.command(target.name, options(target, trust), target.reach.config, *words)
