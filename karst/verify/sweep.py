"""Visits every BMC and rack PDU at once and reads it. Only sessions are written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from karst.provider.bounds import Bounds, LockedError
from karst.provider.config import Configuration
from karst.provider.model import DeviceArgs, PduArgs
from karst.provider.visit import CredentialError, IdentityError, visit
from karst.redfish.errors import RedfishError
from karst.verify.expected import ExpectedDevice
from karst.verify.observed import Observed, ObservedPdu, ObservedServer
from karst.verify.reading import devices

log = logging.getLogger(__name__)

_SILENT = (RedfishError, CredentialError, LockedError)


@dataclass(frozen=True, slots=True)
class Target:
    """A device and how to reach it."""

    expected: ExpectedDevice
    args: DeviceArgs
    configuration: Configuration


@dataclass(slots=True)
class Sweep:
    """A pass over devices. `wanted`: the sections to be read. `tell` hears how far it is."""

    bounds: Bounds
    wanted: frozenset[str]
    tell: Callable[[str], None] = lambda _: None
    _done: int = 0
    _servers: dict[str, ObservedServer] = field(default_factory=dict)
    _pdus: dict[str, ObservedPdu] = field(default_factory=dict)

    async def observe(self, targets: Iterable[Target]) -> Observed:
        """Read each, in the order given as far as not all are read at once; none is left out, whatever it says."""
        all_targets = list(targets)
        await asyncio.gather(*(self._one(target, len(all_targets)) for target in all_targets))
        return Observed(servers=self._servers, pdus=self._pdus)

    async def _one(self, target: Target, of: int) -> None:
        try:
            async with self.bounds.slots, self.bounds.alone(target.args.endpoint):
                await self._read(target)
        except IdentityError as fault:
            self._keep(target, "another device may hang there", foreign=str(fault))
        except _SILENT as fault:
            self._keep(target, str(fault))
        except Exception as fault:
            # One BMC that says what nobody foresaw must not leave the rest of the site unseen.
            log.exception("%s", target.expected.name)
            self._keep(target, f"unforeseen {type(fault).__name__}: {fault}")
        self._done += 1
        self.tell(f"{self._done:,} of {of:,} BMCs")

    def _keep(self, target: Target, unread: str, foreign: str = "") -> None:
        if isinstance(target.args, PduArgs):
            self._pdus[target.expected.name] = ObservedPdu(unread=unread, foreign=foreign)
        else:
            self._servers[target.expected.name] = ObservedServer(unread=unread, foreign=foreign)

    async def _read(self, target: Target) -> None:
        configuration, name = target.configuration, target.expected.name
        generation = configuration.credential_generation
        components = tuple(target.expected.firmware)
        async with visit(target.args, configuration, self.bounds, generation, known=generation) as found:
            if isinstance(target.args, PduArgs):
                self._pdus[name] = await devices.pdu(found.bmc, found.pdu, self.wanted, components)
            else:
                self._servers[name] = await devices.server(found.bmc, found.system, self.wanted, components)
