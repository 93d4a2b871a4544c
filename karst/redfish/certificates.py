"""The HTTPS certificate of a BMC, and how it gets one from the site's CA without its key ever leaving it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from karst.redfish.client import Client
from karst.redfish.errors import UnobservedError
from karst.redfish.resource import Resource


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificate that a manager serves HTTPS with, and the service that replaces it."""

    bmc: Client
    service: Resource
    collection: str
    current: Resource | None

    @staticmethod
    async def read(bmc: Client, manager: Resource) -> Certificates:
        """Raises UnobservedError where the BMC cannot have its certificate replaced."""
        path, protocol = bmc.root.link("CertificateService"), manager.link("NetworkProtocol")
        if path is None or protocol is None:
            raise UnobservedError(f"{bmc.endpoint} offers no certificate service: its certificate cannot be replaced")
        service = await bmc.get(path)
        collection = (await bmc.get(protocol)).link("HTTPS", "Certificates")
        if collection is None:
            raise UnobservedError(f"{bmc.endpoint} does not say where its HTTPS certificate is")
        members = await bmc.members(collection)
        return Certificates(bmc, service, collection, members[0] if members else None)

    @property
    def valid_until(self) -> datetime | None:
        """When the current one ends."""
        text = self.current.text("ValidNotAfter") if self.current else None
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            return None

    async def request(self, common_name: str) -> str:
        """Have the BMC make a key and a signing request (PEM)."""
        target = self.service.action("#CertificateService.GenerateCSR")
        if target is None:
            raise UnobservedError(f"{self.bmc.endpoint} makes no certificate signing requests")
        body = {
            "CertificateCollection": {"@odata.id": self.collection},
            "CommonName": common_name,
            "Organization": "Karst",
            "OrganizationalUnit": "BMC",
            "City": "Guiyang",
            "State": "Guizhou",
            "Country": "CN",
            "KeyPairAlgorithm": "TPM_ALG_ECDSA",
            "KeyCurveId": "TPM_ECC_NIST_P256",
            "KeyUsage": ["ServerAuthentication"],
            "AlternativeNames": [common_name],
        }
        answer = await self.bmc.post(target, body)
        request = answer.text("CSRString")
        if request is None:
            raise UnobservedError(f"{self.bmc.endpoint} made a signing request but did not show it")
        return request

    async def install(self, pem: str) -> None:
        """Put a certificate for the requested key into place. The BMC may drop connections as it does."""
        target = self.service.action("#CertificateService.ReplaceCertificate")
        if self.current is None or target is None:
            await self.bmc.post(self.collection, {"CertificateString": pem, "CertificateType": "PEM"})
            return
        body = {
            "CertificateString": pem,
            "CertificateType": "PEM",
            "CertificateUri": {"@odata.id": self.current.path},
        }
        await self.bmc.post(target, body)
