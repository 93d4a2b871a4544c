"""OpenStack's sushy operates and reads the servers of the twin; what they then are, the twin itself says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sushy
from sushy import exceptions
from twin_parts import BIOS, attributes, media
from twin_support import Twin, until
from twin_trust import PROXIES, Notary, Trusted

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


def connect(device: Trusted) -> Any:
    """The service root as sushy has it, with a session of its own."""
    return sushy.Sushy(
        f"{device.url}/redfish/v1", username=device.user, password=device.password, verify=str(device.authority_file)
    )


@pytest.fixture
def root(trusted: Trusted) -> Iterator[Any]:
    made = connect(trusted)
    yield made
    made._auth.close()


@pytest.fixture
def system(root: Any) -> Any:
    (found,) = root.get_system_collection().get_members()
    return found


def test_another_authority_is_not_trusted(trusted: Trusted, tmp_path: Path) -> None:
    trusted.authority_file = Notary(tmp_path).file
    with pytest.raises(exceptions.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        connect(trusted)


def test_session_ends(trusted: Trusted, twin: Twin) -> None:
    root = connect(trusted)
    assert [each.username for each in root.get_session_service().sessions.get_members()] == [trusted.user]
    root._auth.close()
    assert twin.device(trusted.name)["sessions"] == 0


def test_power(system: Any, trusted: Trusted, twin: Twin) -> None:
    def power() -> Any:
        system.invalidate()
        system.refresh()
        return system.power_state

    assert power() is sushy.PowerState.OFF
    offered = system.get_allowed_reset_system_values()
    assert {sushy.ResetType.ON, sushy.ResetType.FORCE_OFF, sushy.ResetType.FORCE_RESTART} <= set(offered)
    system.reset_system(sushy.ResetType.ON)
    until(lambda: power() is sushy.PowerState.ON)
    system.reset_system(sushy.ResetType.FORCE_RESTART)
    until(lambda: twin.device(trusted.name)["resets"] == 1)
    system.reset_system(sushy.ResetType.GRACEFUL_SHUTDOWN)
    until(lambda: power() is sushy.PowerState.OFF)
    counts = twin.device(trusted.name)
    assert (counts["power_ons"], counts["resets"]) == (1, 1)


def test_boot_once(system: Any, trusted: Trusted) -> None:
    once = sushy.BootSourceOverrideEnabled.ONCE
    system.set_system_boot_options(sushy.BootSource.PXE, enabled=once, mode=sushy.BootSourceOverrideMode.UEFI)
    system.refresh()
    assert (system.boot.target, system.boot.enabled) == (sushy.BootSource.PXE, once)
    trusted.bmc.reset_until("On", "On")
    system.invalidate()
    system.refresh()
    assert system.boot.enabled is sushy.BootSourceOverrideEnabled.DISABLED
    uri = "http://127.0.0.1/boot.efi"
    system.set_system_boot_options(sushy.BootSource.UEFI_HTTP, enabled=once, http_boot_uri=uri)
    assert trusted.bmc.get(trusted.bmc.system)["Boot"]["HttpBootUri"] == uri


def test_bios(system: Any, trusted: Trusted, shape: str) -> None:
    """Not on Leigong, which wants If-Match: sushy takes the tag from @Redfish.Settings, which is not the object's own.

    DSP2046 says of that ETag that it is of the resource to which settings were applied.
    """
    name, word, before = BIOS[shape]
    assert system.bios.attributes[name] == before
    assert name in [each.name for each in system.bios.get_attribute_registry().registry_entries.attributes]
    if shape == "leigong":
        with pytest.raises(exceptions.HTTPError) as refused:
            system.bios.set_attribute(name, word)
        assert refused.value.status_code == 428
        return
    system.bios.set_attribute(name, word)
    assert system.bios.pending_attributes[name] == word
    assert system.bios.supported_apply_times == [sushy.ApplyTime.ON_RESET]
    trusted.bmc.reset_until("On", "On")
    assert attributes(trusted.bmc)[name] == word
    system.bios.reset_bios()
    trusted.bmc.reset("ForceRestart")
    until(lambda: attributes(trusted.bmc)[name] == before)


def test_virtual_media(system: Any, trusted: Trusted, shape: str) -> None:
    """On Wumeng, whose drives have no actions, sushy writes to them instead."""
    owner = system if shape == "leigong" else system.managers[0]
    drive = owner.virtual_media.get_members()[0]
    image = "https://127.0.0.1/images/debian.iso"
    drive.insert_media(image)
    shown = trusted.bmc.get(media(trusted.bmc))
    assert (shown["Inserted"], shown["Image"]) == (True, image)
    drive.refresh()
    assert drive.inserted
    assert drive.image_name == "debian.iso"
    drive.eject_media()
    assert trusted.bmc.get(media(trusted.bmc))["Inserted"] is False


def test_what_it_reads(root: Any, system: Any, trusted: Trusted, shape: str) -> None:
    """Power and Thermal of the older kind are all that sushy reads of the chassis."""
    trusted.bmc.reset_until("On", "On")
    threads, drives, drive_gb = {"fanjing": (128, 2, 960), "leigong": (192, 12, 3840), "wumeng": (128, 2, 480)}[shape]
    assert system.processors.summary.count == threads
    assert system.memory_summary.size_gib in (512, 768)
    found = [drive for unit in system.storage.get_members() for drive in unit.drives]
    assert [drive.capacity_bytes for drive in found] == [drive_gb * 10**9] * drives
    assert len(system.ethernet_interfaces.summary) == 2
    (chassis,) = system.chassis
    supplies = chassis.power.power_supplies
    assert [supply.line_input_voltage for supply in supplies] == [230.0, 230.0]
    assert chassis.thermal.temperatures[0].reading_celsius == 25.0
    assert all(fan.reading > 0 for fan in chassis.thermal.fans)
    firmware = {each.name: each.version for each in root.get_update_service().firmware_inventory.get_members()}
    assert firmware["BIOS firmware"] == trusted.bmc.get(trusted.bmc.system)["BiosVersion"]
    assert system.uuid.lower() == trusted.bmc.get("/redfish/v1/")["UUID"]
