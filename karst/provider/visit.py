"""A BMC in our hands: verified, logged in, and known to be the one that was delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from karst.provider.bounds import Bounds
from karst.provider.config import Configuration
from karst.provider.model import DeviceArgs, PduArgs
from karst.redfish.client import Client
from karst.redfish.errors import LoginRefusedError, UntrustedError
from karst.redfish.rack_pdu import RackPdu
from karst.redfish.resource import Credential
from karst.redfish.system import System
from karst.redfish.trust import Authority, Pinned, Trust

FACTORY = 0  # the generation of a credential that the factory gave


class IdentityError(Exception):
    """The BMC is not the one that was delivered, or nothing says who it should be."""


class CredentialError(Exception):
    """None of the credentials is accepted."""


@dataclass(slots=True)
class Visit:
    """`known`: the credential generation that the state remembers, None at first contact. `generation`: what opened."""

    bmc: Client
    device: DeviceArgs
    known: int | None
    target: int
    enrolled: bool
    generation: int
    equipment: System | RackPdu

    @property
    def system(self) -> System:
        """The server."""
        assert isinstance(self.equipment, System)  # noqa: S101  # by construction
        return self.equipment

    @property
    def pdu(self) -> RackPdu:
        """The rack PDU."""
        assert isinstance(self.equipment, RackPdu)  # noqa: S101  # by construction
        return self.equipment


@asynccontextmanager
async def visit(
    device: DeviceArgs, configuration: Configuration, bounds: Bounds, target: int, known: int | None
) -> AsyncIterator[Visit]:
    """Open a device's BMC; only a session is written. Raises RedfishError, IdentityError, CredentialError."""
    if device.certificate_sha256 is None or not device.delivered:
        raise IdentityError("it has no line in assets.csv: nothing says who it should be")
    pinned = Pinned(device.certificate_sha256)
    order: tuple[Trust, Trust] = (
        (pinned, configuration.authority) if known in (None, FACTORY) else (configuration.authority, pinned)
    )
    client = Client(device.endpoint, order[0], timeout_s=configuration.timeout_s, handshakes=bounds.handshakes)
    async with client as bmc:
        trust = await _trust(bmc, order)
        enrolled = isinstance(trust, Authority)
        refused = bounds.refused.get((device.endpoint, enrolled))
        if refused is not None:
            raise CredentialError(refused)
        try:
            generation = await _login(bmc, device, configuration, target, known, enrolled)
        except CredentialError as fault:
            bounds.refused[device.endpoint, enrolled] = str(fault)
            raise
        equipment = await identify(bmc, device)
        yield Visit(bmc, device, known, target, enrolled, generation, equipment)


async def _trust(bmc: Client, order: tuple[Trust, Trust]) -> Trust:
    faults = []
    for trust in order:
        await bmc.retrust(trust)
        try:
            await bmc.open()
        except UntrustedError as fault:
            faults.append(fault)
            continue
        return trust
    pinned = next((each for each in order if isinstance(each, Pinned)), None)
    expected = pinned.sha256 if pinned else ""
    seen = next((fault.seen for fault in faults if fault.seen), None) or "unknown"
    why = next((str(fault) for fault in faults if not fault.seen), "it is not signed by the site's CA")
    raise IdentityError(
        f"{bmc.endpoint} shows a certificate that is neither the delivered one (SHA-256 expected {expected}, "
        f"seen {seen}) nor the site's for this address ({why}): another device may hang there"
    )


async def _login(
    bmc: Client, device: DeviceArgs, configuration: Configuration, target: int, known: int | None, enrolled: bool
) -> int:
    """Try each credential once; return the generation of the one accepted.

    First the one that worked last, then the newest: so that a rotation costs no refused login, and at most three are
    refused, below any lockout threshold in the field.
    """
    candidates: dict[int, Credential | None] = {
        generation: configuration.credential(generation) for generation in configuration.generations(target)
    }
    if not enrolled:
        # The factory's password goes only to who shows the factory's certificate.
        factory = configuration.factory(device.factory_credential or "")
        candidates = {FACTORY: factory, **candidates}
    if known in candidates:
        candidates = {known: candidates[known], **candidates}
    tried = []
    for generation, credential in candidates.items():
        if credential is None:
            continue
        try:
            await bmc.login(credential)
        except LoginRefusedError:
            tried.append("the factory's" if generation == FACTORY else f"generation {generation}")
            continue
        return generation
    if not tried:
        raise CredentialError(f"the provider has no credential for it (asset list: {device.factory_credential!r})")
    raise CredentialError(f"{bmc.endpoint} accepts none of the credentials tried: {', '.join(tried)}")


async def identify(bmc: Client, device: DeviceArgs) -> System | RackPdu:
    """The server or rack PDU with the delivered serial number and UUID. Raises IdentityError, RedfishError."""
    found: list[System] | list[RackPdu] = (
        await RackPdu.all(bmc) if isinstance(device, PduArgs) else await System.all(bmc)
    )
    for each in found:
        if each.serial_number == device.serial_number and (each.uuid or "").lower() == (device.uuid or "").lower():
            return each
    seen = "; ".join(f"serial number {each.serial_number}, UUID {each.uuid}" for each in found) or "nothing"
    raise IdentityError(
        f"{bmc.endpoint} is another device: expected serial number {device.serial_number}, UUID {device.uuid}; "
        f"seen {seen}"
    )
