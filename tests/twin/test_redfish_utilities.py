"""DMTF's redfish-utilities operate and read the twin; what it then is, the twin itself says."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from twin_parts import BIOS, attributes, media
from twin_support import Twin, until
from twin_trust import Notary, Trusted

pytestmark = pytest.mark.slow


@dataclass
class Scripts:
    """The scripts rf_….py, run on one device."""

    device: Trusted

    def __call__(self, script: str, *arguments: str) -> str:
        done = self.run(script, *arguments)
        assert done.returncode == 0, (script, arguments, done.stdout, done.stderr)
        assert "Warning" not in done.stderr, "TLS was not verified"
        return done.stdout

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).parent / f"rf_{script}.py"
        command = [sys.executable, str(Path(__file__).with_name("verified.py")), str(self.device.authority_file)]
        command += [str(program), "-r", self.device.url, "-u", self.device.user, "-p", self.device.password]
        command += arguments
        return subprocess.run(command, env=self.device.environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def rf(trusted: Trusted) -> Scripts:
    return Scripts(trusted)


@pytest.fixture
def rf_pdu(twin: Twin, notary: Notary) -> Scripts:
    return Scripts(notary.enrol(twin, twin.fresh("qianling")))


def row(table: str, name: str) -> list[str]:
    """The cells of the line that begins with `name`."""
    line = next(line for line in table.splitlines() if line.split("|")[0].strip() == name)
    return [cell.strip() for cell in line.split("|")]


def test_another_authority_is_not_trusted(rf: Scripts, tmp_path: Path) -> None:
    rf.device.authority_file = Notary(tmp_path).file
    done = rf.run("power_reset", "--info")
    assert done.returncode != 0
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


def test_power_and_boot(rf: Scripts, twin: Twin) -> None:
    """A one-time boot is set, used by the start that follows, and gone after it."""
    bmc, name = rf.device.bmc, rf.device.name
    offered = rf("power_reset", "--info")
    assert "Current power state: Off" in offered
    assert {"On", "ForceOff", "GracefulShutdown"} <= set(re.findall(r"\w+", offered.splitlines()[0]))
    rf("boot_override", "--target", "Pxe")
    boot = bmc.get(bmc.system)["Boot"]
    assert (boot["BootSourceOverrideEnabled"], boot["BootSourceOverrideTarget"]) == ("Once", "Pxe")
    assert re.search(r"Target: Pxe;.*\n\s*Enabled: Once", rf("boot_override", "--info"))
    rf("power_reset", "--type", "On")
    until(lambda: bmc.power() == "On")
    assert bmc.get(bmc.system)["Boot"]["BootSourceOverrideEnabled"] == "Disabled"
    rf("power_reset", "--type", "ForceRestart")
    until(lambda: twin.device(name)["resets"] == 1)
    rf("power_reset", "--type", "ForceOff")
    until(lambda: bmc.power() == "Off")
    assert "Current power state: Off" in rf("power_reset", "--info")
    # The script knows more kinds of reset than the BMC; what it refuses must reach the person.
    refused = rf.run("power_reset", "--type", "Suspend")
    assert refused.returncode == 1
    assert "Suspend" in refused.stdout


def test_bios_settings(rf: Scripts, shape: str) -> None:
    """Wumeng's settings object shows only what waits; the script then fills in the rest itself."""
    name, word, before = BIOS[shape]
    assert row(rf("bios_settings"), name)[1:] == [before, before]
    rf("bios_settings", "--attribute", name, word)
    # Where the BMC made a task of it, the script does not wait for its end.
    until(lambda: row(rf("bios_settings"), name)[1:] == [before, word])
    rf.device.bmc.reset_until("On", "On")
    assert attributes(rf.device.bmc)[name] == word
    assert row(rf("bios_settings"), name)[1:] == [word, word]


def test_accounts(rf: Scripts) -> None:
    """Where the BMC makes a task of it, the script follows it only for a new account; so each step is awaited."""
    bmc = rf.device.bmc

    def roles() -> dict[str, str]:
        lines = [line.split("|") for line in rf("accounts").splitlines() if "|" in line]
        return {cells[0].strip(): cells[1].strip() for cells in lines[1:]}

    assert roles() == {"root": "Administrator"}
    rf("accounts", "--add", "keeper", "Keeper-Word-1", "Operator")
    until(lambda: roles() == {"root": "Administrator", "keeper": "Operator"})
    rf("accounts", "--setrole", "keeper", "ReadOnly")
    until(lambda: roles()["keeper"] == "ReadOnly")
    rf("accounts", "--setpassword", "keeper", "Keeper-Word-2")
    bmc.auth = ("keeper", "Keeper-Word-2")
    until(lambda: bmc.ask("GET", "/redfish/v1/Systems").status == 200)
    rf("accounts", "--delete", "keeper")
    assert roles() == {"root": "Administrator"}


def test_virtual_media(rf: Scripts) -> None:
    bmc, image = rf.device.bmc, "https://127.0.0.1/images/debian.iso"
    drive = bmc.get(media(bmc))
    rf("virtual_media", "insert", "--image", image)
    assert bmc.get(drive["@odata.id"])["Image"] == image
    shown = rf("virtual_media", "info")
    assert f"Image: {image}" in shown
    assert "Inserted: True" in shown
    rf("virtual_media", "eject", "--id", drive["Id"])
    assert bmc.get(drive["@odata.id"])["Inserted"] is False
    assert "Inserted: True" not in rf("virtual_media", "info")


def test_sensors_and_inventory(rf: Scripts, shape: str, twin: Twin) -> None:
    bmc = rf.device.bmc
    bmc.reset_until("On", "On")
    sensors = rf("sensor_list")
    # Wumeng has only the older Power and Thermal, whose names differ.
    assert row(sensors, "Inlet" if shape == "wumeng" else "Inlet sensor")[1].startswith("25.00 C")
    if shape == "wumeng":
        assert row(sensors, "Fan1")[1].endswith("RPM")
    else:
        watts = float(row(sensors, "Power sensor")[1].removesuffix(" W"))
        assert watts == pytest.approx(twin.device(rf.device.name)["watts"], abs=0.1)
        assert row(sensors, "Fan1 SpeedPercent")[1].endswith("%")
    inventory = rf("sys_inventory")
    counts = {"fanjing": (2, 16, 2), "leigong": (2, 24, 12), "wumeng": (1, 8, 2)}
    found = [len(re.findall(kind, inventory)) for kind in (r"Processor: ", r"\n\s+DIMM\d", r"Drive: ")]
    assert tuple(found) == counts[shape]
    assert row(rf("firmware_inventory"), "BMC firmware")[1] == bmc.get(bmc.manager)["FirmwareVersion"]
    log = rf("logs", "--system" if shape == "leigong" else "--manager")
    assert "The system is on." in log


def test_rack_pdu(rf_pdu: Scripts, twin: Twin) -> None:
    """It reads every part of a rack PDU; it has no command that switches an outlet, so the BMC's own request does."""
    pdu, bmc = rf_pdu.device.name, rf_pdu.device.bmc
    server, port, outlet = next(
        (server, port, end[1])
        for server, cords in twin.control.cabling()["cords"].items()
        for port, end in cords.items()
        if end[0] == pdu
    )
    kind = ("--type", "RackPDU")
    assert row(rf_pdu("power_equipment", "list"), "1")[3:] == ["Enabled", "OK"]
    watts = float(row(rf_pdu("power_equipment", "outlets", *kind), outlet)[6])
    assert watts > 0, f"{port} of {server} hangs here"
    status = rf_pdu("power_equipment", "status", *kind)
    assert len(re.findall(r"\n\s+B\d\s", status)) == 6
    assert "Power: " in status
    assert "L3-N :  230.00 V" in rf_pdu("power_equipment", "mainsinfo", *kind, "--mains", "AC1")
    assert "BreakerState: Normal" in rf_pdu("power_equipment", "branchinfo", *kind, "--branch", "B1")
    action = bmc.get(f"{bmc.link('PowerEquipment', 'RackPDUs', '0', 'Outlets')}/{outlet}")["Actions"]
    assert bmc.post(action["#Outlet.PowerControl"]["target"], {"PowerState": "Off"}).status in (200, 204)
    after = rf_pdu("power_equipment", "outletinfo", *kind, "--outlet", outlet)
    assert "PowerState: Off" in after
    assert "Power: 0.0 W" in after
    assert row(rf_pdu("sensor_list"), "Power sensor")[1].endswith(" W")
    assert row(rf_pdu("accounts"), "root")[1] == "Administrator"
