"""All devices of a rack at once: read, converge or shut down each, and say of each that failed why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic

from karst.pki import PkiError
from karst.provider import pdus, servers
from karst.provider.bounds import Bounds, DomainError, LockedError
from karst.provider.config import Configuration
from karst.provider.decide import managed
from karst.provider.enrol import enrol
from karst.provider.model import DeviceArgs, PduArgs, ServerArgs
from karst.provider.seen import Record, SeenPdu, SeenServer
from karst.provider.visit import CredentialError, IdentityError, visit
from karst.redfish.errors import RedfishError, UnreachableError

log = logging.getLogger(__name__)

# From power at the cord to a BMC that answers.
_BMC_START_S = 240.0
_BMC_POLL_S = 1.0
# Between two words on how far it is: what a person can read, and what costs a hall of racks nothing.
_TELL_S = 1.0


class CancelledError(Exception):
    """The engine was interrupted before the device's turn."""


_EXPECTED = (RedfishError, PkiError, IdentityError, CredentialError, LockedError, DomainError, CancelledError)

Seen = SeenServer | SeenPdu
Report = Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class Outcome:
    """What came of it, by device."""

    seen: dict[str, Seen] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Sweep:
    """One pass over devices of one rack. `generation` is the one that they shall carry; `known` what the state says."""

    configuration: Configuration
    bounds: Bounds
    generation: int
    known: Mapping[str, Record]
    report: Report
    tell: Report
    images: Mapping[str, str | None] = field(default_factory=dict)  # server -> what the state has of its image
    outcome: Outcome = field(default_factory=Outcome)
    _pdus_done: asyncio.Event = field(default_factory=asyncio.Event)
    _lit: bool = False  # whether outlets were switched on
    _told: float = field(default_factory=monotonic)
    _devices: int = 0

    async def read(self, devices: Mapping[str, DeviceArgs]) -> Outcome:
        """Look at each."""
        await asyncio.gather(*(self._one(name, device, self._read(name, device)) for name, device in devices.items()))
        return self.outcome

    async def converge(self, devices: Mapping[str, DeviceArgs]) -> Outcome:
        """Make each as declared; held ones are only read."""
        rack_pdus = {name: device for name, device in devices.items() if isinstance(device, PduArgs)}
        others = {name: device for name, device in devices.items() if name not in rack_pdus}
        # Slots are given in the order asked for: a PDU never waits for a server that waits for it.
        first = asyncio.gather(*(self._one(name, each, self._converge(name, each)) for name, each in rack_pdus.items()))
        first.add_done_callback(lambda _: self._pdus_done.set())
        rest = asyncio.gather(*(self._one(name, each, self._converge(name, each)) for name, each in others.items()))
        await asyncio.gather(first, rest)
        return self.outcome

    async def shut_down(self, devices: Mapping[str, ServerArgs]) -> Outcome:
        """Power each server off gracefully."""
        await asyncio.gather(
            *(self._one(name, device, self._shut_down(name, device)) for name, device in devices.items())
        )
        return self.outcome

    async def _one(self, name: str, device: DeviceArgs, work: Awaitable[Seen]) -> None:
        self._devices += 1
        try:
            async with self.bounds.slots:
                if self.bounds.cancelled.is_set():
                    raise CancelledError("not begun: the run was interrupted")
                async with self.bounds.alone(device.endpoint):
                    self.outcome.seen[name] = await work
        except _EXPECTED as fault:
            self.outcome.failed[name] = str(fault)
            await self.report(f"{name}: {fault}")
        except Exception as fault:
            # One BMC that says what nobody foresaw must not leave the rest of the rack undone.
            log.exception("%s", name)
            self.outcome.failed[name] = f"unforeseen {type(fault).__name__}: {fault}"
            await self.report(f"{name}: {self.outcome.failed[name]}")
        finally:
            if asyncio.iscoroutine(work):
                work.close()
        done = len(self.outcome.seen) + len(self.outcome.failed)
        await self._tell_now_and_then(f"{done} of {self._devices} devices")

    async def _tell_now_and_then(self, what: str) -> None:
        if monotonic() - self._told >= _TELL_S:
            self._told = monotonic()
            await self.tell(what)

    def _known(self, name: str) -> int | None:
        found = self.known.get(name, {}).get("generation")
        return None if found is None else int(found)

    async def _read(self, name: str, device: DeviceArgs) -> Seen:
        async with visit(device, self.configuration, self.bounds, self.generation, self._known(name)) as found:
            if isinstance(device, PduArgs):
                return (await pdus.observe(found))[0]
            assert isinstance(device, ServerArgs)  # noqa: S101  # there is no third kind
            image, authority = self.images.get(name), self.configuration.ssh_ca
            return (await servers.observe(found, device, image, authority))[0]

    async def _converge(self, name: str, device: DeviceArgs) -> Seen:
        if not managed(device):
            return await self._read(name, device)
        deadline: float | None = None
        while True:
            try:
                return await self._converge_once(name, device)
            except UnreachableError:
                if isinstance(device, PduArgs):
                    raise
                await self._pdus_done.wait()
                # Where outlets were off its BMC may have been dark, and starts now.
                if not self._lit or (deadline is not None and monotonic() > deadline):
                    raise
                deadline = deadline or monotonic() + _BMC_START_S
                await asyncio.sleep(_BMC_POLL_S)

    async def _converge_once(self, name: str, device: DeviceArgs) -> Seen:
        async with visit(device, self.configuration, self.bounds, self.generation, self._known(name)) as found:
            await enrol(found, self.configuration)
            if isinstance(device, PduArgs):
                seen, switched_on = await pdus.converge(found, device)
                self._lit = self._lit or switched_on
                return seen
            assert isinstance(device, ServerArgs)  # noqa: S101  # there is no third kind
            settings = self.configuration
            allowed = servers.Allowed(name in settings.allow_reset, name in settings.allow_reinstall, settings.ssh_ca)

            async def tell(what: str) -> None:
                await self._tell_now_and_then(f"{name}: {what}")

            image = self.images.get(name)
            return await servers.converge(found, device, image, allowed, self.bounds, self._outlets_on, tell)

    async def _outlets_on(self) -> None:
        await self._pdus_done.wait()

    async def _shut_down(self, name: str, server: ServerArgs) -> Seen:
        async with visit(server, self.configuration, self.bounds, self.generation, self._known(name)) as found:
            # What its host says of itself is nobody's matter any more.
            seen, system, _ = await servers.observe(found, replace(server, image=None), None, None)
            if seen.power == "On":
                await servers.shut_down(system)
            return replace(seen, power="Off", image=self.images.get(name))
