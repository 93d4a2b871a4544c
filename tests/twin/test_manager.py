"""The controller itself: its certificate, virtual media, log, network protocols, restart."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from twin_parts import media
from twin_support import Bmc, Twin, answers, served_certificate, until

from karst.pki import create_authority, create_csr, create_key, fingerprint
from karst.twin import factory

SERVICE = "/redfish/v1/CertificateService"


def request_body(bmc: Bmc) -> dict[str, object]:
    collection = bmc.get(bmc.get(bmc.manager)["NetworkProtocol"]["@odata.id"])["HTTPS"]["Certificates"]
    subject = {"Organization": "Karst", "OrganizationalUnit": "BMC", "City": "Guiyang", "State": "Guizhou"}
    return {"CertificateCollection": collection, "CommonName": bmc.address, "Country": "CN", **subject}


def target(bmc: Bmc, action: str) -> str:
    found: str = bmc.get(SERVICE)["Actions"][f"#CertificateService.{action}"]["target"]
    return found


def certificate_path(bmc: Bmc) -> str:
    collection = request_body(bmc)["CertificateCollection"]
    assert isinstance(collection, dict)
    found: str = bmc.get(collection["@odata.id"])["Members"][0]["@odata.id"]
    return found


def test_factory_certificate_is_as_delivered(bmc: Bmc, name: str) -> None:
    seen = served_certificate(bmc.address, bmc.port)
    assert fingerprint(seen) == factory.asset(name).certificate_sha256
    shown = bmc.get(certificate_path(bmc))
    assert shown["Fingerprint"].replace(":", "").lower() == factory.asset(name).certificate_sha256


def test_certificate_is_requested_and_replaced(bmc: Bmc) -> None:
    authority = create_authority("Test CA", "Karst", days=10)
    answer = bmc.post(target(bmc, "GenerateCSR"), request_body(bmc) | {"AlternativeNames": [bmc.address]})
    assert answer.status == 200
    assert "PRIVATE" not in str(answer.body)
    pem = authority.sign_csr(answer.body["CSRString"], addresses=[IPv4Address(bmc.address)], days=5)
    body = {
        "CertificateString": pem,
        "CertificateType": "PEM",
        "CertificateUri": {"@odata.id": certificate_path(bmc)},
    }
    old = bmc.connection
    assert bmc.post(target(bmc, "ReplaceCertificate"), body).status in (200, 204)
    assert bmc.connection is old, "connections that are open stay open"
    until(lambda: fingerprint(served_certificate(bmc.address, bmc.port)) == fingerprint(pem))
    fresh = Bmc(bmc.address, bmc.port, authority.certificate_pem)
    assert fresh.get(certificate_path(fresh))["Issuer"]["CommonName"] == "Test CA"


def test_certificate_of_another_key_is_refused(bmc: Bmc) -> None:
    authority = create_authority("Test CA", "Karst", days=10)
    pem = authority.sign_csr(create_csr(create_key(), "x"), addresses=[IPv4Address(bmc.address)], days=5)
    uri = {"@odata.id": certificate_path(bmc)}
    for text in (pem, "nonsense"):
        body = {"CertificateString": text, "CertificateType": "PEM", "CertificateUri": uri}
        assert bmc.post(target(bmc, "ReplaceCertificate"), body).messages == ["ActionParameterValueFormatError"]
    lacking = request_body(bmc)
    del lacking["City"], lacking["State"]
    assert bmc.post(target(bmc, "GenerateCSR"), lacking).messages == ["ActionParameterMissing"] * 2


def test_virtual_media(bmc: Bmc, shape: str) -> None:
    drive, image = media(bmc), "https://127.0.0.1/images/debian.iso"
    if shape == "wumeng":
        assert "Actions" not in bmc.get(drive)
        assert bmc.patch(drive, {"Image": image, "Inserted": True}).status in (200, 204)
        assert bmc.patch(drive, {"Image": "ftp:nonsense"}).messages == ["PropertyValueFormatError"]
    else:
        actions = bmc.get(drive)["Actions"]
        insert = actions["#VirtualMedia.InsertMedia"]["target"]
        assert bmc.post(insert, {"Image": "nonsense"}).messages == ["ActionParameterValueFormatError"]
        assert bmc.post(insert, {"Image": image}).status in (200, 204)
        assert bmc.post(insert, {"Image": image}).messages == ["ResourceInUse"]
    found = bmc.get(drive)
    assert (found["Inserted"], found["Image"], found["ImageName"]) == (True, image, "debian.iso")
    if shape == "wumeng":
        assert bmc.patch(drive, {"Inserted": False}).status in (200, 204)
    else:
        assert bmc.post(bmc.get(drive)["Actions"]["#VirtualMedia.EjectMedia"]["target"], {}).status in (200, 204)
    assert (bmc.get(drive)["Inserted"], bmc.get(drive)["Image"]) == (False, None)


def log(bmc: Bmc) -> dict[str, object]:
    owner = bmc.get(bmc.manager)
    owner = owner if "LogServices" in owner else bmc.get(bmc.system)
    found: dict[str, object] = bmc.get(bmc.get(owner["LogServices"]["@odata.id"])["Members"][0]["@odata.id"])
    return found


def messages(bmc: Bmc) -> str:
    entries = log(bmc)["Entries"]
    assert isinstance(entries, dict)
    return " ".join(each["Message"] for each in bmc.get(entries["@odata.id"])["Members"])


def test_log_tells_what_happened(bmc: Bmc) -> None:
    bmc.reset_until("On", "On")
    bmc.reset_until("ForceOff", "Off")
    assert "is on" in messages(bmc)
    assert "forced off" in messages(bmc)
    actions = log(bmc)["Actions"]
    assert isinstance(actions, dict)
    assert bmc.post(actions["#LogService.ClearLog"]["target"], {}).status in (200, 204)
    assert messages(bmc) == "The log was cleared."


def test_network_protocol_is_kept(bmc: Bmc) -> None:
    path = bmc.get(bmc.manager)["NetworkProtocol"]["@odata.id"]
    servers = ["10.72.0.11", "10.72.0.12"]
    assert bmc.patch(path, {"NTP": {"ProtocolEnabled": True, "NTPServers": servers}}).status in (200, 204)
    assert bmc.get(path)["NTP"] == {"ProtocolEnabled": True, "NTPServers": servers}
    assert bmc.patch(path, {"NTP": {"NTPServers": [1]}}).messages == ["PropertyValueFormatError"]
    # In an array, {} leaves an element and null takes it out.
    assert bmc.patch(path, {"NTP": {"NTPServers": [{}, None, "10.72.0.13"]}}).status in (200, 204)
    assert bmc.get(path)["NTP"]["NTPServers"] == ["10.72.0.11", "10.72.0.13"]


def test_restart_of_the_controller(bmc: Bmc) -> None:
    bmc.reset_until("On", "On")
    path = bmc.get(bmc.manager)["Actions"]["#Manager.Reset"]["target"]
    assert bmc.post(path, {"ResetType": "ForceRestart"}).status in (200, 204)
    bmc.close()
    assert not answers(bmc.address, bmc.port)
    until(lambda: answers(bmc.address, bmc.port))
    assert bmc.power() == "On", "the server went on without its controller"


def test_firmware_inventory(bmc: Bmc) -> None:
    inventory = bmc.get(bmc.link("UpdateService", "FirmwareInventory"))
    found = {bmc.get(each["@odata.id"])["Id"]: bmc.get(each["@odata.id"])["Version"] for each in inventory["Members"]}
    assert found["BMC"] == bmc.get(bmc.manager)["FirmwareVersion"]
    assert found["BIOS"] == bmc.get(bmc.system)["BiosVersion"]


@pytest.mark.parametrize("where", ["127.64.200.1", "127.0.0.1"])
def test_nobody_answers_where_no_device_is(twin: Twin, where: str) -> None:
    assert not answers(where, twin.port)
