"""The HTTPS certificate: the BMC makes a key and a signing request, and serves what comes back."""

from __future__ import annotations

from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from karst import pki
from karst.twin import factory
from karst.twin.bmc import Bmc
from karst.twin.errors import Message, RedfishError
from karst.twin.messages import Answer, Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import stamp
from karst.twin.rules import Rule, parameters
from karst.twin.state import Certificate, Json
from karst.twin.tree import ROOT, Resource, Tree

SERVICE = f"{ROOT}/CertificateService"
_KIND = "Certificate.v1_9_1"
_SUBJECT = {
    "CommonName": NameOID.COMMON_NAME,
    "Organization": NameOID.ORGANIZATION_NAME,
    "OrganizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "City": NameOID.LOCALITY_NAME,
    "State": NameOID.STATE_OR_PROVINCE_NAME,
    "Country": NameOID.COUNTRY_NAME,
}
_REQUEST = {
    **{name: Rule(low=1, high=64) for name in _SUBJECT},
    "Country": Rule(low=2, high=2),
    "CertificateCollection": Rule(dict),
    "AlternativeNames": Rule(list),
    "KeyPairAlgorithm": Rule(choices=("TPM_ALG_ECDSA",)),
    "KeyCurveId": Rule(choices=("TPM_ECC_NIST_P256",)),
    "KeyUsage": Rule(list),
}


def build(tree: Tree) -> None:
    """The certificate service, and the certificate under the manager's network protocols."""
    collection = f"{tree.manager}/NetworkProtocol/HTTPS/Certificates"
    ecdsa = {
        "KeyPairAlgorithm@Redfish.AllowableValues": ["TPM_ALG_ECDSA"],
        "KeyCurveId@Redfish.AllowableValues": ["TPM_ECC_NIST_P256"],
    }
    actions = {
        **tree.action(SERVICE, "CertificateService.GenerateCSR", _generate, "ConfigureManager", ecdsa),
        **tree.action(SERVICE, "CertificateService.ReplaceCertificate", _replace, "ConfigureManager"),
    }
    locations = f"{SERVICE}/CertificateLocations"
    about = {"Actions": actions, "CertificateLocations": tree.ref(locations)}
    tree.add(SERVICE, "CertificateService.v1_0_5", "Certificate service", about)
    tree.add(
        locations,
        "CertificateLocations.v1_0_4",
        "Certificate locations",
        {"Links": {"Certificates@odata.count": 1, "Certificates": tree.refs([f"{collection}/1"])}},
    )
    tree.collection(collection, "CertificateCollection", "HTTPS certificates", ["1"])
    head = tree.head(f"{collection}/1", _KIND, "HTTPS certificate")
    tree.put(Resource(f"{collection}/1", lambda bmc: head | _body(bmc)))


def served(bmc: Bmc) -> factory.KeyPair:
    """The certificate and key that the BMC serves HTTPS with."""
    state = bmc.get(Certificate)
    return factory.KeyPair(state.certificate, state.key) if state.certificate else factory.certificate(bmc.name)


def _body(bmc: Bmc) -> Json:
    pem = served(bmc).certificate
    parsed = x509.load_pem_x509_certificate(pem.encode())
    return {
        "CertificateString": pem,
        "CertificateType": "PEM",
        "CertificateUsageTypes": ["Web"],
        "Issuer": _names(parsed.issuer),
        "Subject": _names(parsed.subject),
        "SerialNumber": parsed.serial_number.to_bytes(20, "big").lstrip(b"\0").hex(":").upper(),
        "ValidNotBefore": stamp(parsed.not_valid_before_utc.timestamp()),
        "ValidNotAfter": stamp(parsed.not_valid_after_utc.timestamp()),
        "Fingerprint": parsed.fingerprint(hashes.SHA256()).hex(":").upper(),
        "FingerprintHashAlgorithm": "TPM_ALG_SHA256",
    }


def _names(name: x509.Name) -> Json:
    found = {key: name.get_attributes_for_oid(oid) for key, oid in _SUBJECT.items()}
    return {key: attributes[0].value for key, attributes in found.items() if attributes}


def _collection(bmc: Bmc) -> str:
    return f"{bmc.tree.manager}/NetworkProtocol/HTTPS/Certificates"


def _check_reference(action: str, name: str, given: Json, expected: str) -> None:
    if str(given.get("@odata.id", "")).rstrip("/") != expected:
        raise RedfishError(400, (Message("ActionParameterValueFormatError", (str(given), name, action)),))


def _generate(bmc: Bmc, body: Json, _: Ask) -> Answer:
    action = "CertificateService.GenerateCSR"
    given = parameters(action, body, _REQUEST, (*_SUBJECT, "CertificateCollection"))
    _check_reference(action, "CertificateCollection", given["CertificateCollection"], _collection(bmc))
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(oid, given[name]) for name, oid in _SUBJECT.items()])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    alternatives = [_alternative(str(each)) for each in given.get("AlternativeNames", [])]
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    request = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    state = bmc.get(Certificate)
    # The key never leaves the BMC; it waits here for its certificate.
    state.requested_key = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    bmc.changed(state)
    return Answer(200, {"CertificateCollection": bmc.tree.ref(_collection(bmc)), "CSRString": request})


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _replace(bmc: Bmc, body: Json, _: Ask) -> Change:
    action = "CertificateService.ReplaceCertificate"
    rules = {
        "CertificateString": Rule(),
        "CertificateType": Rule(choices=("PEM",)),
        "CertificateUri": Rule(dict),
    }
    given = parameters(action, body, rules, tuple(rules))
    _check_reference(action, "CertificateUri", given["CertificateUri"], f"{_collection(bmc)}/1")
    if not _key_for(bmc, given["CertificateString"]):
        raise RedfishError(400, (Message("ActionParameterValueFormatError", ("…", "CertificateString", action)),))
    return Change("certificate", {"certificate": given["CertificateString"]})


def _key_for(bmc: Bmc, pem: str) -> str:
    """The BMC's key that the certificate is for: the requested one or the one in use; empty if neither."""
    try:
        public = x509.load_pem_x509_certificate(pem.encode()).public_key()
    except ValueError:
        return ""
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    wanted = public.public_bytes(*form).decode()
    keys = (bmc.get(Certificate).requested_key, served(bmc).key)
    return next((key for key in keys if key and pki.public_key_of_key(key) == wanted), "")


@operation("certificate")
def _install(bmc: Bmc, arguments: Json) -> None:
    key = _key_for(bmc, arguments["certificate"])
    if not key:  # another request came while this one waited
        raise RedfishError(400, (Message("GeneralError"),))
    state = bmc.get(Certificate)
    state.certificate, state.key, state.requested_key = arguments["certificate"], key, ""
    bmc.changed(state)
    bmc.log("The HTTPS certificate was replaced.", "ResourceEvent.1.4.ResourceChanged")
