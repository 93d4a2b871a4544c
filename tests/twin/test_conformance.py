"""DMTF's service validator reads every resource of one device of each shape against the published schemas."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from twin_parts import media
from twin_support import REPOSITORY, SHORT, Bmc, Twin, until
from twin_trust import Notary, Trusted

pytestmark = pytest.mark.slow

SCHEMAS = "KARST_REDFISH_CSDL"
SUMMARY = re.compile(r"\|\s+(\d+)\s+\|\s+(\d+)\s+\|\s+(\d+)\s+\|\s+(\d+)\s+\|")
FINDING = re.compile(r"(WARN|FAIL) - .*")
# What shapes have on purpose, as real BMCs do: the older Power, Thermal and VirtualMedia, and Wumeng's slashes.
MEANT = ("Deprecated Property Warning", "Deprecated URI Warning", "Trailing Slash Warning")


def schemas() -> Path:
    """The CSDL files: where the environment says, else `shared/redfish/csdl` beside the clone or above it."""
    told = os.environ.get(SCHEMAS)
    if told:
        assert Path(told, "ServiceRoot_v1.xml").is_file(), f"{SCHEMAS} names {told}, which holds no schemas"
        return Path(told)
    for above in REPOSITORY.parents:
        found = above / "shared/redfish/csdl"
        if (found / "ServiceRoot_v1.xml").is_file():
            return found
    pytest.skip(f"no schemas: {SCHEMAS} names no folder of DMTF's CSDL files, and shared/redfish/csdl is nowhere above")


def validate(device: Trusted, folder: Path) -> tuple[int, int, list[str]]:
    """How many statements passed and failed, and every warning and failure in words."""
    program = Path(sys.executable).parent / "rf_service_validator"
    command = [sys.executable, str(Path(__file__).with_name("verified.py")), str(device.authority_file), str(program)]
    command += ["-r", device.url, "-u", device.user, "-p", device.password, "--skipschema"]
    command += ["--schema_directory", str(schemas()), "--logdir", str(folder)]
    done = subprocess.run(command, cwd=folder, env=device.environment, capture_output=True, text=True, timeout=300)
    found = SUMMARY.search(re.sub("\x1b\\[[0-9;]*m", "", done.stdout))
    assert found, done.stdout + done.stderr
    log = next(folder.rglob("*Debug*.log")).read_text()
    return int(found[1]), int(found[3]), [match[0] for match in FINDING.finditer(log)]


def live_in_server(bmc: Bmc) -> None:
    """Leave traces of use, so that not only what is new from the factory is read."""
    bmc.reset_until("On", "On")
    bmc.patch(bmc.system, {"AssetTag": "G-17", "Boot": {"BootSourceOverrideEnabled": "Once"}})
    bios = bmc.get(bmc.link("Systems", "0", "Bios"))
    staged = bios["@Redfish.Settings"]["SettingsObject"]["@odata.id"]
    attribute, value = next((name, value) for name, value in bios["Attributes"].items() if isinstance(value, str))
    assert bmc.patch(staged, {"Attributes": {attribute: value}}).status in (200, 204)
    drive = media(bmc)
    image = {"Image": "https://127.0.0.1/images/debian.iso"}
    actions = bmc.get(drive).get("Actions")
    put = bmc.post(actions["#VirtualMedia.InsertMedia"]["target"], image) if actions else bmc.patch(drive, image)
    assert put.status in (200, 204)


def live_in_rack_pdu(bmc: Bmc) -> None:
    outlet = bmc.link("PowerEquipment", "RackPDUs", "0", "Outlets", "0")
    branch = bmc.link("PowerEquipment", "RackPDUs", "0", "Branches", "1")
    for path, action in ((outlet, "#Outlet.PowerControl"), (branch, "#Circuit.BreakerControl")):
        assert bmc.post(bmc.get(path)["Actions"][action]["target"], {"PowerState": "Off"}).status in (200, 204)
    until(lambda: bmc.get(outlet)["PowerState"] == "Off")


@pytest.mark.parametrize("kind", list(SHORT))
def test_every_resource_is_as_the_schemas_say(twin: Twin, notary: Notary, kind: str, tmp_path: Path) -> None:
    schemas()
    device = notary.enrol(twin, twin.fresh(kind))
    account = {"UserName": "reader", "Password": "Reader-Word-1", "RoleId": "ReadOnly"}
    assert device.bmc.post("/redfish/v1/AccountService/Accounts", account).status in (200, 201)
    (live_in_rack_pdu if kind == "qianling" else live_in_server)(device.bmc)
    passed, failed, findings = validate(device, tmp_path)
    meant = [each for each in findings if each.startswith("WARN") and any(word in each for word in MEANT)]
    assert [each for each in findings if each not in meant] == []
    assert failed == 0
    # Without schemas the validator passes nothing and fails little; 1,000 is below the least of the shapes.
    assert passed > 1000
    if kind == "qianling":
        assert meant == []
    if kind != "wumeng":
        assert not any("Trailing Slash" in each for each in meant)
