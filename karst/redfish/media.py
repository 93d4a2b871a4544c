"""Virtual media: the drive in which a server sees an installer, and the boot from it."""

from __future__ import annotations

from dataclasses import dataclass

from karst.redfish.client import Client
from karst.redfish.errors import UnobservedError
from karst.redfish.manager import manager_of
from karst.redfish.resource import Resource
from karst.redfish.system import System

_DISCS = frozenset({"CD", "DVD"})


@dataclass(frozen=True, slots=True)
class Drive:
    """A virtual optical drive, as read."""

    bmc: Client
    resource: Resource

    @staticmethod
    async def of(system: System) -> Drive:
        """The server's first drive for discs, at the system where newer BMCs have it, else at the manager.

        Raises RedfishError; UnobservedError where there is none.
        """
        bmc = system.bmc
        path = system.resource.link("VirtualMedia")
        path = path or (await manager_of(bmc, system.resource)).link("VirtualMedia")
        for each in await bmc.members(path) if path else []:
            types = each.at("MediaTypes")
            if isinstance(types, list) and _DISCS & set(types):
                return Drive(bmc, each)
        raise UnobservedError(f"{system.resource.path} offers no virtual drive for an installer")

    @property
    def image(self) -> str | None:
        """The URL of what is in the drive."""
        return self.resource.text("Image") or None

    async def read(self) -> Drive:
        """The same, read anew."""
        return Drive(self.bmc, await self.bmc.get(self.resource.path))

    async def hold(self, image: str) -> None:
        """Have this image in the drive, whatever was there. Raises RedfishError."""
        if self.image == image:
            return
        if self.image is not None:
            await self.empty()
        target = self.resource.action("#VirtualMedia.InsertMedia")
        if target is None:
            await self.bmc.patch(await self._fresh(), {"Image": image, "Inserted": True})
            return

        async def done() -> bool:
            return (await self.read()).image == image

        await self.bmc.post(target, {"Image": image, "Inserted": True, "WriteProtected": True}, done)

    async def empty(self) -> None:
        """Have nothing in the drive. Raises RedfishError."""
        target = self.resource.action("#VirtualMedia.EjectMedia")
        if target is None:
            await self.bmc.patch(await self._fresh(), {"Image": None, "Inserted": False})
            return

        async def done() -> bool:
            return (await self.read()).image is None

        if not await done():
            await self.bmc.post(target, {}, done)

    async def _fresh(self) -> Resource:
        return await self.bmc.get(self.resource.path)
