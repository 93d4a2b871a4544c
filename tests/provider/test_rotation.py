"""Credential rotation that breaks off after every request in turn: no BMC is locked out, none keeps an old password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from karst.redfish.client import Client
from karst.redfish.errors import LoginRefusedError
from karst.redfish.resource import Credential
from karst.redfish.trust import Authority

from .lab import Lab
from .plugin import plugin

pytestmark = pytest.mark.slow

THRESHOLD = 5  # refused logins after which the twin's BMCs lock an account
# Of a rotation, as far as a BMC can be left half rotated: login, password, logout, login, request for a certificate.
WRITES = 5


def password(generation: int) -> dict[str, str]:
    return {"user": "karst", "password": f"WordOfGeneration{generation}K"}


def configuration(twin: Lab, generation: int) -> dict[str, Any]:
    kept = {str(each): password(each) for each in (generation - 1, generation) if each > 0}
    return twin.configuration(credentials=kept, credential_generation=generation, timeout_s=2)


def by_shape(twin: Lab) -> list[list[str]]:
    shapes: dict[str, list[str]] = {}
    for name, each in twin.devices().items():
        shapes.setdefault(each["shape"], []).append(name)
    return list(shapes.values())


async def accepts(twin: Lab, endpoint: str, generation: int) -> bool:
    async with Client(endpoint, Authority(twin.authority.certificate_pem)) as bmc:
        await bmc.open()
        try:
            await bmc.login(Credential(**password(generation)))
        except LoginRefusedError:
            return False
        return True


@pytest.mark.parametrize("kind", ["reset", "lost"])  # before it acts; after it acted, without an answer
@pytest.mark.parametrize("turn", range(2))
async def test_broken_off_after_any_request(twin: Lab, tmp_path: Path, kind: str, turn: int) -> None:
    async with plugin(tmp_path, configuration(twin, 1)) as karst:
        state = await karst.create(twin.whole(1))
        assert state.reasons == []
        names = sorted(state.outputs["observed"])
        # Only what is written can leave a BMC half rotated. After its point a BMC takes nothing more.
        points = {name: turn * len(group) + index for group in by_shape(twin) for index, name in enumerate(group)}
        faults = [{"device": name, "method": "[DP]*", "after": at, kind: True} for name, at in points.items()]
        await karst.configure(configuration(twin, 2))
        twin.control.reset_counters()
        twin.control.set_faults(faults)
        state = await karst.update(state, twin.whole(2))
        assert state.failed == {name for name, at in points.items() if at < WRITES}
        twin.control.set_faults([])
        # The next run reads first, as `refresh: always` has it.
        await karst.configure(configuration(twin, 2))
        read = await karst.read(state)
        assert set(read.outputs["observed"]) == set(names)
        state = await karst.update(read, twin.whole(2))
        assert (state.reasons, state.failed) == ([], set())
        assert {each["generation"] for each in state.outputs["observed"].values()} == {2}
        assert max(each["login_failures"] for each in twin.devices().values()) < THRESHOLD
    for device in (*state.inputs["servers"].values(), *state.inputs["pdus"].values()):
        assert await accepts(twin, device["endpoint"], 2)
        assert not await accepts(twin, device["endpoint"], 1)
