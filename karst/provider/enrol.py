"""Enrolment: the credential of the wanted generation, and a certificate from the site's CA.

Every step can be the last one of a killed run; the next run finds what is there and goes on. The certificate comes
last, so that who shows one of the site's has been through all of it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import IPv4Address
from time import monotonic
from urllib.parse import urlsplit

from karst.provider.config import Configuration
from karst.provider.visit import CredentialError, Visit, identify
from karst.redfish.accounts import Accounts
from karst.redfish.certificates import Certificates
from karst.redfish.errors import LoginRefusedError, LostError, UnreachableError, UntrustedError
from karst.redfish.manager import manager_of

_CERTIFICATE_PATIENCE_S = 90.0
_POLL_S = 0.5


async def enrol(visit: Visit, configuration: Configuration) -> None:
    """Bring the BMC to the target generation and the site's CA. Raises RedfishError, PkiError, CredentialError."""
    rotating = visit.generation != visit.target
    if rotating or visit.known != visit.target or not visit.enrolled:
        await _credential(visit, configuration)
    if rotating or not visit.enrolled:
        # With each generation a new certificate, too: what is rotated in good time never expires.
        await _certificate(visit, configuration)


async def _credential(visit: Visit, configuration: Configuration) -> None:
    wanted = configuration.credential(visit.target)
    if wanted is None:
        raise CredentialError(f"the provider has no credential of generation {visit.target}")
    bmc = visit.bmc
    accounts = await Accounts.read(bmc)
    if visit.generation != visit.target:
        # A changed password may end our session before the answer; the login below is the proof.
        with suppress(LoginRefusedError):
            await accounts.ensure(wanted)
        await bmc.logout()
        try:
            await bmc.login(wanted)
        except LoginRefusedError as fault:
            raise CredentialError(
                f"{bmc.endpoint} took the credential of generation {visit.target} but refuses it"
            ) from fault
        visit.generation = visit.target
    for user in _others(configuration, wanted.user):
        await accounts.retire(user)


def _others(configuration: Configuration, user: str) -> set[str]:
    """Users that Karst knows and that have had their time."""
    logins = [*configuration.credentials.values(), *configuration.factory_credentials.values()]
    return {each.user for each in logins} - {user}


async def _certificate(visit: Visit, configuration: Configuration) -> None:
    bmc = visit.bmc
    host = urlsplit(visit.device.endpoint).hostname or ""
    certificates = await Certificates.read(bmc, await manager_of(bmc, visit.equipment.resource))
    request = await certificates.request(host)
    addresses, names = _alternatives(host)
    days = configuration.certificate_days
    pem = configuration.signer.sign_csr(request, addresses=addresses, names=names, days=days)
    # It may show the new one before it has answered; what it shows is the proof.
    with suppress(UntrustedError, LostError, UnreachableError):
        await certificates.install(pem)
    await bmc.retrust(configuration.authority)
    deadline = monotonic() + _CERTIFICATE_PATIENCE_S
    while True:
        try:
            await bmc.open()
            break
        except UntrustedError:
            if monotonic() > deadline:
                raise
            await asyncio.sleep(_POLL_S)
            await bmc.retrust(configuration.authority)
    visit.enrolled = True
    # Over the new trust once more: whoever answers now is who will be written to.
    visit.equipment = await identify(bmc, visit.device)


def _alternatives(host: str) -> tuple[list[IPv4Address], list[str]]:
    """The address or the name that the certificate is for."""
    try:
        return [IPv4Address(host)], []
    except ValueError:
        return [], [host]
