"""The users of a BMC."""

from __future__ import annotations

from dataclasses import dataclass

from karst.redfish.client import Client
from karst.redfish.errors import BusyError, LoginRefusedError, RefusedError, UnobservedError
from karst.redfish.resource import Credential, Resource


@dataclass(frozen=True, slots=True)
class Accounts:
    """A BMC's accounts, as read."""

    bmc: Client
    path: str
    members: tuple[Resource, ...]

    @staticmethod
    async def read(bmc: Client) -> Accounts:
        """Raises UnobservedError where the BMC has no account service."""
        service = bmc.root.link("AccountService")
        path = (await bmc.get(service)).link("Accounts") if service else None
        if path is None:
            raise UnobservedError(f"{bmc.endpoint} offers no accounts: its credential cannot be managed")
        return Accounts(bmc, path, tuple(await bmc.members(path)))

    def find(self, user: str) -> Resource | None:
        """The account of a user."""
        return next((each for each in self.members if each.text("UserName") == user), None)

    async def ensure(self, credential: Credential) -> None:
        """Let `credential` log in as an administrator: its account is made, or its password set."""
        self.bmc.hide(credential.password)
        account = self.find(credential.user)
        if account is not None:
            await self.bmc.patch(account, {"Password": credential.password})
            return

        async def done() -> bool:
            return (await Accounts.read(self.bmc)).find(credential.user) is not None

        body = {"UserName": credential.user, "Password": credential.password, "RoleId": "Administrator"}
        await self.bmc.post(self.path, body, done)

    async def retire(self, user: str) -> None:
        """See that `user` can no longer log in: the account is removed, or disabled where it cannot be."""
        account = self.find(user)
        if account is None or account.at("Enabled") is False:
            return
        try:
            await self.bmc.delete(account.path)
        except (BusyError, LoginRefusedError):
            raise
        except RefusedError:
            await self.bmc.patch(account, {"Enabled": False})
