"""Changed behind Pulumi's back: named by a preview, mended by `up`, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest

from karst.redfish.rack_pdu import RackPdu
from karst.redfish.system import FORCE_OFF, RESTART, System
from tests.stacks.bmc import change_pdu, change_system
from tests.stacks.clone import Clone, await_true

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lab")]

OFF, TAGGED, SET, PDU = "h1-r1-01-s01", "h1-r1-02-s02", "h1-r1-03-s03", "h1-r1-03-pdu-b"


async def switch_off(system: System) -> None:
    await system.reset(FORCE_OFF, ("Off",))
    await system.wait_power("Off", 30)


async def scribble(system: System) -> None:
    await system.set_asset_tag("scribbled")


async def disable_virtualization(system: System) -> None:
    bios = await system.bios()
    assert bios is not None
    await bios.stage({"VMX": "Disable"})
    await system.reset(RESTART, ())


async def cut_an_outlet(pdu: RackPdu) -> None:
    await (await pdu.outlets())["20"].switch("Off")


def drift(lab: Clone) -> None:
    """One of each, by hand."""
    change_system(lab, OFF, switch_off)
    change_system(lab, TAGGED, scribble)
    change_system(lab, SET, disable_virtualization)
    await_true("the setting is in effect", lambda: lab.truth()[SET]["bios"]["attributes"].get("VMX") == "Disable")
    await_true("it has started", lambda: lab.devices()[SET]["power"] == "On")
    change_pdu(lab, PDU, cut_an_outlet)


def written(devices: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Requests that change something, by device, without the sessions."""
    return {
        name: each["requests"].get("PATCH", 0) + each["requests"].get("POST", 0) - each["logins"]
        for name, each in devices.items()
    }


def touched(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name in after if after[name] != before[name]}


def test_drift_is_named_by_plain_pulumi_and_mended_by_up(lab: Clone) -> None:
    built = lab.truth()
    drift(lab)
    drifted, counted = lab.truth(), lab.devices()
    assert touched(built, drifted) == {OFF, TAGGED, SET, PDU}

    seen = lab.shell("pulumi preview --stack lab-metal-h1 --non-interactive --color never")
    assert seen.status == 0, seen.all
    for sentence in (
        f"{OFF}: power is Off, declared On",
        f"{TAGGED}: asset_tag is scribbled, declared {TAGGED}",
        f"{SET}: settings.VMX is Disable, declared Enable",
        f"{PDU}: outlets_off is 20, declared nothing",
        f"1 reset pending: {SET}",
    ):
        assert sentence in seen.out, sentence
    assert lab.truth() == drifted, "a preview wrote"

    summary = lab.up()
    # The server is active: its setting is staged and waits.
    assert (summary["servers_on"], summary["reset_pending"], summary["failed"]) == (12, [SET], {})
    mended, devices = lab.truth(), lab.devices()
    assert touched(drifted, mended) == {OFF, TAGGED, SET, PDU}
    before, after = written(counted), written(devices)
    assert {name for name in after if after[name] != before[name]} == {OFF, TAGGED, SET, PDU}
    assert devices[OFF]["power_ons"] == counted[OFF]["power_ons"] + 1
    assert devices[SET]["resets"] == counted[SET]["resets"]
    assert devices[SET]["bios_pending"] == {"VMX": "Enable"}
    assert devices[PDU]["outlets_off"] == []
    assert mended[TAGGED]["settings"] == built[TAGGED]["settings"]

    # The person whose server it is restarts it when it suits; then nothing is left to say.
    run = lab.karst("power", SET, "restart", "--yes")
    assert run.status == 0, run.all
    await_true("the setting is in effect", lambda: lab.devices()[SET]["bios_pending"] == {})
    run = lab.karst("up", "--expect-no-changes")
    assert run.status == 0, run.all
    assert "reset pending" not in run.err
    assert lab.truth()[SET]["bios"] == built[SET]["bios"]
