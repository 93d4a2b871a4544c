"""Devices of the twin that serve a certificate of a test's own authority, as clients that verify TLS need them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from twin_support import PASSWORD, USER, Bmc, Twin, served_certificate, until

from karst.pki import Authority, create_authority, fingerprint

SERVICE = "/redfish/v1/CertificateService"
# What this machine may point elsewhere: requests, curl and OpenSSL would trust that instead of the test's authority.
TRUST = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass
class Trusted:
    """A device whose certificate `authority_file` vouches for."""

    name: str
    url: str
    authority_file: Path
    bmc: Bmc
    user: str = USER
    password: str = PASSWORD

    @property
    def environment(self) -> dict[str, str]:
        """For a client as a process of its own: it trusts the authority and nobody else."""
        kept = {name: value for name, value in os.environ.items() if name not in (*TRUST, *PROXIES)}
        return kept | {name: str(self.authority_file) for name in TRUST[:3]}


class Notary:
    """An authority, and the certificates that it gives to devices."""

    def __init__(self, folder: Path) -> None:
        self.authority: Authority = create_authority("Test CA", "Karst", days=10)
        self.file = folder / "authority.pem"
        self.file.write_text(self.authority.certificate_pem)

    def enrol(self, twin: Twin, name: str) -> Trusted:
        """Install a certificate of the authority, as a site does at first contact."""
        bmc = twin.bmc(name)
        protocol = bmc.get(bmc.get(bmc.manager)["NetworkProtocol"]["@odata.id"])
        collection = protocol["HTTPS"]["Certificates"]
        actions = bmc.get(SERVICE)["Actions"]
        subject = {"Organization": "Karst", "OrganizationalUnit": "BMC", "City": "Guiyang", "State": "Guizhou"}
        wanted = {"CertificateCollection": collection, "CommonName": bmc.address, "Country": "CN", **subject}
        request = bmc.post(actions["#CertificateService.GenerateCSR"]["target"], wanted)
        assert request.status == 200, request.body
        pem = self.authority.sign_csr(request.body["CSRString"], addresses=[IPv4Address(bmc.address)], days=5)
        body = {
            "CertificateString": pem,
            "CertificateType": "PEM",
            "CertificateUri": bmc.get(collection["@odata.id"])["Members"][0],
        }
        answer = bmc.post(actions["#CertificateService.ReplaceCertificate"]["target"], body)
        assert answer.status in (200, 204), answer.body
        bmc.close()
        until(lambda: fingerprint(served_certificate(bmc.address, bmc.port)) == fingerprint(pem))
        bmc.certificate = self.authority.certificate_pem
        return Trusted(name, f"https://{bmc.address}:{bmc.port}", self.file, bmc)
