"""A rack with every shape of BMC, against the twin: created, kept, changed, ended."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from cryptography import x509

from karst.redfish.client import Client
from karst.redfish.errors import LoginRefusedError
from karst.redfish.resource import Credential
from karst.redfish.system import FORCE_OFF, RESTART
from karst.redfish.trust import Authority

from .lab import FACTORY, RACK, Lab
from .plugin import Plugin, State, plugin

pytestmark = pytest.mark.slow

SERVERS = [f"{RACK}-s{number:02d}" for number in range(1, 5)]


def writes(twin: Lab) -> dict[str, int]:
    """Requests that change something, by device, without the sessions."""
    return {
        name: each["requests"].get("PATCH", 0) + each["requests"].get("POST", 0) - each["logins"]
        for name, each in twin.devices().items()
    }


async def created(twin: Lab, karst: Plugin, **changed: Any) -> State:
    state = await karst.create(twin.rack(**changed))
    assert state.reasons == []
    return state


async def test_create_converges_and_again_changes_nothing(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        assert state.id == RACK
        assert state.outputs["servers_on"] == 4
        devices = twin.devices()
        for name in (*SERVERS, f"{RACK}-pdu-a", f"{RACK}-pdu-b"):
            assert devices[name]["login_failures"] == 0, name
            assert devices[name]["concurrent_writers"] == 1, name
            assert devices[name]["sessions"] == 0, name
            assert state.outputs["observed"][name]["generation"] == 1
        for name in SERVERS:
            assert (devices[name]["power"], devices[name]["power_ons"], devices[name]["resets"]) == ("On", 1, 0)
            # The settings came with the first start: nothing waits.
            assert state.outputs["observed"][name] == {"power": "On", "generation": 1}
        before = writes(twin)
        read = await karst.read(state)
        assert (read.inputs, read.outputs) == (state.inputs, state.outputs)
        assert await karst.diff(read, twin.rack()) == set()
        assert writes(twin) == before
        again = await karst.create(twin.rack())
        assert again.outputs == state.outputs
        assert all(twin.devices()[name]["power_ons"] == 1 for name in SERVERS)


async def test_the_factory_credential_and_certificate_are_gone(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
    trust = Authority(twin.authority.certificate_pem)
    for device in (*state.inputs["servers"].values(), *state.inputs["pdus"].values()):
        async with Client(device["endpoint"], trust) as bmc:
            await bmc.open()
            with pytest.raises(LoginRefusedError):
                await bmc.login(Credential(FACTORY["user"], FACTORY["password"]))


async def test_a_certificate_is_valid_for_as_long_as_the_site_says(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration(certificate_days=30)) as karst:
        state = await created(twin, karst)
    for device in state.inputs["servers"].values():
        url = urlsplit(device["endpoint"])
        shown = await asyncio.to_thread(ssl.get_server_certificate, (url.hostname, url.port))
        certificate = x509.load_pem_x509_certificate(shown.encode())
        left = certificate.not_valid_after_utc - datetime.now(UTC)
        assert timedelta(days=29) < left <= timedelta(days=30)


async def test_a_preview_writes_nothing(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        await karst.create(twin.rack(), preview=True)
        assert sum(sum(each["requests"].values()) for each in twin.devices().values()) == 0
        state = await created(twin, karst)
        before = writes(twin)
        changed = twin.rack(s01={"asset_tag": "other"}, s02={"status": "offline", "power": "Off"})
        await karst.update(state, changed, preview=True)
        assert writes(twin) == before
    assert "1 to be powered off: h1-r1-01-s02" in (tmp_path / "plugin.log").read_text()


async def test_drift_is_named_and_mended_and_nothing_else_touched(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        async with twin.hand(SERVERS[0]) as bmc:
            system = await twin.system(bmc)
            await system.reset(FORCE_OFF, ("Off",))
            await system.wait_power("Off", 10)
        async with twin.hand(SERVERS[1]) as bmc:
            await (await twin.system(bmc)).set_asset_tag("scribbled")
        async with twin.hand(SERVERS[2]) as bmc:
            system = await twin.system(bmc)
            bios = await system.bios()
            assert bios is not None
            await bios.stage({"VMX": "Disable"})
            await system.reset(RESTART, ())
            await _until_set(system, "VMX", "Disable")
        async with twin.hand(f"{RACK}-pdu-b") as bmc:
            await (await (await twin.pdu(bmc)).outlets())["20"].switch("Off")
        before = writes(twin)
        read = await karst.read(state)
        assert await karst.diff(read, twin.rack()) == {
            f'servers["{SERVERS[0]}"].power',
            f'servers["{SERVERS[1]}"].asset_tag',
            f'servers["{SERVERS[2]}"].settings.VMX',
            f'pdus["{RACK}-pdu-b"].outlets_off',
        }
        assert writes(twin) == before
        mended = await karst.update(read, twin.rack())
        assert mended.reasons == []
        after = writes(twin)
        touched = {name for name in after if after[name] != before[name]}
        assert touched == {*SERVERS[:3], f"{RACK}-pdu-b"}
        # An active server is not reset: its setting waits.
        assert mended.outputs["reset_pending"] == [SERVERS[2]]
        assert mended.outputs["observed"][SERVERS[2]]["settings"] == {"VMX": "Disable"}
        assert twin.devices()[SERVERS[2]]["resets"] == 1  # ours, by hand
        assert twin.devices()[f"{RACK}-pdu-b"]["outlets_off"] == []
        settled = await karst.read(mended)
        assert await karst.diff(settled, twin.rack()) == set()
    assert f"1 reset pending: {SERVERS[2]}" in (tmp_path / "plugin.log").read_text()


async def _until_set(system: Any, name: str, value: str) -> None:
    async with asyncio.timeout(10):
        while (await system.bios()).current[name] != value:  # noqa: ASYNC110  # a BMC is asked, it does not call
            await asyncio.sleep(0.05)


async def test_consent_resets_an_active_server_once(twin: Lab, tmp_path: Path) -> None:
    changed = {"s01": {"settings": {"BootMode": "Bios"}}, "s04": {"settings": {"BOT0001": "Legacy Only"}}}
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        staged = await karst.update(state, twin.rack(**changed))
        assert staged.outputs["reset_pending"] == [SERVERS[0], SERVERS[3]]
        assert [twin.devices()[name]["resets"] for name in SERVERS] == [0, 0, 0, 0]
        await karst.configure(twin.configuration(allow_reset=[SERVERS[0], SERVERS[3]]))
        assert await karst.diff(staged, twin.rack(**changed)) == {
            f'servers["{SERVERS[0]}"].settings.BootMode',
            f'servers["{SERVERS[3]}"].settings.BOT0001',
        }
        done = await karst.update(staged, twin.rack(**changed))
        assert done.outputs["reset_pending"] == []
        assert [twin.devices()[name]["resets"] for name in SERVERS] == [1, 0, 0, 1]
        assert await karst.diff(await karst.read(done), twin.rack(**changed)) == set()


async def test_an_active_server_is_powered_off_with_consent_only(twin: Lab, tmp_path: Path) -> None:
    off = twin.rack(s01={"power": "Off"})
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        assert await karst.diff(state, off) == {f'servers["{SERVERS[0]}"].power'}
        await karst.update(state, off, preview=True)
        assert f"1 reset pending: {SERVERS[0]}" in (tmp_path / "plugin.log").read_text()
        state = await karst.update(state, off)
        assert (state.outputs["reset_pending"], state.outputs["servers_on"]) == ([SERVERS[0]], 4)
        # It is declared now, and waits: nothing differs.
        state = await karst.read(state)
        assert state.outputs["reset_pending"] == [SERVERS[0]]
        assert await karst.diff(state, off) == set()
        assert twin.devices()[SERVERS[0]]["power_offs"] == 0
        await karst.configure(twin.configuration(allow_reset=[SERVERS[0]]))
        state = await karst.read(state)
        assert await karst.diff(state, off) == {f'servers["{SERVERS[0]}"].power'}
        state = await karst.update(state, off)
        assert (state.outputs["reset_pending"], state.outputs["servers_on"]) == ([], 3)
        assert twin.devices()[SERVERS[0]]["power_offs"] == 1


async def test_status_decides(twin: Lab, tmp_path: Path) -> None:
    hold = {"who": "Li", "why": "board swap", "until": "2026-12-01"}
    wanted = twin.rack(
        s01={"status": "staged", "power": "Off"},
        s02={"status": "failed"},
        s03={"status": "planned"},
        s04={"hold": hold},
    )
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await karst.create(wanted)
        assert (state.reasons, state.outputs["held"]) == ([], [SERVERS[3]])
        devices = twin.devices()
        assert [devices[name]["power"] for name in SERVERS] == ["Off"] * 4
        assert [devices[name]["requests"] for name in SERVERS[1:3]] == [{}, {}]
        assert devices[SERVERS[3]]["requests"].get("PATCH", 0) == 0
        assert state.outputs["observed"][SERVERS[3]]["generation"] == 0
        assert await karst.diff(await karst.read(state), wanted) == set()
        # Into service, and out of it again.
        state = await karst.update(state, twin.rack())
        assert (state.reasons, state.outputs["servers_on"]) == ([], 4)
        state = await karst.update(state, twin.rack(s02={"status": "offline", "power": "Off"}))
        assert [twin.devices()[name]["power"] for name in SERVERS] == ["On", "Off", "On", "On"]
        leaving = twin.rack(s03={"status": "decommissioning"})
        state = await karst.update(state, leaving)
        assert twin.devices()[SERVERS[2]]["power"] == "On"
        leaving = {**leaving, "servers": {name: leaving["servers"][name] for name in SERVERS if name != SERVERS[2]}}
        assert await karst.check(leaving, state.inputs) == {}
        state = await karst.update(state, leaving)
        assert twin.devices()[SERVERS[2]]["power"] == "Off"
        assert SERVERS[2] not in state.outputs["observed"]


async def test_a_staged_server_may_be_reset(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst, s01={"status": "staged"})
        changed = twin.rack(s01={"status": "staged", "settings": {"BootMode": "Bios"}})
        state = await karst.update(state, changed)
        assert (state.outputs["reset_pending"], twin.devices()[SERVERS[0]]["resets"]) == ([], 1)


async def test_outlets_are_switched_before_servers(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration()) as karst:
        state = await created(twin, karst)
        for pdu in ("a", "b"):
            async with twin.hand(f"{RACK}-pdu-{pdu}") as bmc:
                for outlet in (await (await twin.pdu(bmc)).outlets()).values():
                    await outlet.switch("Off")
        assert all(twin.devices()[name]["dark"] for name in SERVERS)
        read = await karst.read(state)
        assert read.failed == set(SERVERS)
        mended = await karst.update(read, twin.rack())
        assert mended.reasons == []
        assert all(twin.devices()[name]["power"] == "On" for name in SERVERS)


async def test_delete_powers_off_only_where_it_may(twin: Lab, tmp_path: Path) -> None:
    async with plugin(tmp_path, twin.configuration(allow_destroy=False)) as karst:
        state = await created(twin, karst)
        with pytest.raises(grpc.RpcError, match="active servers"):
            await karst.delete(state)
        assert twin.control.status()["servers_on"] == 4
        await karst.configure(twin.configuration(allow_destroy=True))
        await karst.delete(state)
        assert [twin.devices()[name]["power"] for name in SERVERS] == ["Off"] * 4
