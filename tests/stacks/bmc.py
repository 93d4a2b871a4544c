"""Hands behind Pulumi's back: a BMC of the twin, changed as a person would with any Redfish client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from karst.redfish.client import Client
from karst.redfish.errors import LoginRefusedError
from karst.redfish.rack_pdu import RackPdu
from karst.redfish.resource import Credential
from karst.redfish.system import System
from karst.redfish.trust import Authority
from tests.stacks.clone import Clone


def change_system(clone: Clone, server: str, change: Callable[[System], Awaitable[object]]) -> None:
    """Do something to a server."""

    async def work() -> None:
        async with _open(clone, server) as bmc:
            await bmc.open()
            await bmc.login(_credential(clone))
            (system,) = await System.all(bmc)
            await change(system)

    asyncio.run(work())


def change_pdu(clone: Clone, name: str, change: Callable[[RackPdu], Awaitable[object]]) -> None:
    """Do something to a rack PDU."""

    async def work() -> None:
        async with _open(clone, name) as bmc:
            await bmc.open()
            await bmc.login(_credential(clone))
            (pdu,) = await RackPdu.all(bmc)
            await change(pdu)

    asyncio.run(work())


def accepts(clone: Clone, server: str, generation: str) -> bool:
    """Whether a BMC lets a credential in; one try."""

    async def work() -> bool:
        async with _open(clone, server) as bmc:
            await bmc.open()
            try:
                await bmc.login(_credential(clone, generation))
            except LoginRefusedError:
                return False
            return True

    return asyncio.run(work())


def _open(clone: Clone, device: str) -> Client:
    address = clone.devices()[device]["address"]
    certificate = Path(clone.home, "ca", "ca.crt").read_text()
    return Client(f"https://{address}:{clone.ports['bmc']}", Authority(certificate), timeout_s=30)


def _credential(clone: Clone, generation: str | None = None) -> Credential:
    known = clone.secrets["bmc"]
    login = known[generation or max(known, key=int)]
    return Credential(login["user"], login["password"])
