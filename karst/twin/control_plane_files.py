"""What the control plane's daemons read: certificates, kubeconfigs and policies, written below its home (0700).

```
home/pki/{ca,etcd-ca}/            two authorities: a certificate of a Kubernetes user opens nothing at etcd
home/pki/<name>.{crt,key}         one pair a daemon and purpose
home/pki/service-account.{key,pub}
home/encryption.yml (0600)  audit-policy.yml  admission.yml
home/{controller-manager,scheduler}.kubeconfig
home/admin.kubeconfig             for people and Pulumi: group `karst:administrators`, which start() binds
```
Keys and the encryption secret survive restarts; certificates are renewed when a third of their life is left.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from karst import pki
from karst.files import write_private
from karst.pki import Authority, Usage

LOOPBACK = IPv4Address("127.0.0.1")
ADMINISTRATORS = "karst:administrators"
_AUTHORITY_DAYS = 3650
_CERTIFICATE_DAYS = 365
# What a new namespace gets unless its labels say otherwise; kube-system is for the cluster's own pods.
_POD_SECURITY = {"enforce": "restricted", "audit": "restricted", "warn": "restricted"}
_READS = ["get", "list", "watch"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Files:
    """The control plane's files. `write` makes what is missing or about to expire; then every path here exists."""

    def __init__(self, home: Path, apiserver_port: int) -> None:
        self.home = home
        self.pki = home / "pki"
        self.ca = self.pki / "ca" / "ca.crt"
        self.etcd_ca = self.pki / "etcd-ca" / "ca.crt"
        self.service_account = Pair(self.pki / "service-account.pub", self.pki / "service-account.key")
        self.encryption = home / "encryption.yml"
        self.audit_policy = home / "audit-policy.yml"
        self.audit_log = home / "audit.log"
        self.admission = home / "admission.yml"
        self.admin = home / "admin.kubeconfig"
        self.etcd_data = home / "etcd"
        self.run = home / "run"
        self._server = f"https://{LOOPBACK}:{apiserver_port}"

    def pair(self, name: str) -> Pair:
        """The certificate and key of that name."""
        return Pair(self.pki / f"{name}.crt", self.pki / f"{name}.key")

    def kubeconfig(self, daemon: str) -> Path:
        """What a daemon of ours logs in with."""
        return self.home / f"{daemon}.kubeconfig"

    def write(self, service_address: IPv4Address) -> None:
        """Write all of them. `service_address` is the API's own within the cluster. Raises PkiError, OSError."""
        for folder in (self.home, self.pki, self.etcd_data, self.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        self._write_certificates(service_address)
        if not self.service_account.key.exists():
            write_private(self.service_account.key, pki.create_key())
        write_private(self.service_account.certificate, pki.public_key_of_key(self.service_account.key.read_text()))
        if not self.encryption.exists():
            write_private(self.encryption, _yaml(_encryption(secrets.token_bytes(32))))
        write_private(self.audit_policy, _yaml(_audit_policy()))
        write_private(self.admission, _yaml(_admission()))
        for daemon in ("controller-manager", "scheduler"):
            write_private(self.kubeconfig(daemon), self._kubeconfig(daemon, self.pair(f"{daemon}-client")))
        write_private(self.admin, self._kubeconfig("karst-administrator", self.pair("admin")))

    def super_user(self) -> tuple[str, str]:
        """A certificate and key of `system:masters`, for a day and kept nowhere: to bind the administrators once."""
        authority = Authority.load(self.ca.read_text(), (self.pki / "ca" / "ca.key").read_text())
        return authority.issue("karst-bootstrap", ["system:masters"], usage=Usage.CLIENT, days=1)

    def _write_certificates(self, service_address: IPv4Address) -> None:
        ca = Authority.load_or_create(self.pki / "ca", "Karst control plane", "Karst", _AUTHORITY_DAYS)
        etcd_ca = Authority.load_or_create(self.pki / "etcd-ca", "Karst etcd", "Karst", _AUTHORITY_DAYS)
        api_names = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
        here, both = (LOOPBACK,), Usage.SERVER | Usage.CLIENT
        self._ensure(etcd_ca, "etcd", "etcd", usage=both, addresses=here)
        self._ensure(etcd_ca, "etcd-peer", "etcd-peer", usage=both, addresses=here)
        self._ensure(etcd_ca, "apiserver-etcd-client", "kube-apiserver", usage=Usage.CLIENT)
        self._ensure(
            ca,
            "apiserver",
            "kube-apiserver",
            usage=Usage.SERVER,
            addresses=(LOOPBACK, service_address),
            names=api_names,
        )
        self._ensure(ca, "controller-manager", "kube-controller-manager", usage=Usage.SERVER, addresses=here)
        self._ensure(ca, "scheduler", "kube-scheduler", usage=Usage.SERVER, addresses=here)
        # Names that Kubernetes' own bootstrap roles are bound to.
        self._ensure(ca, "controller-manager-client", "system:kube-controller-manager", usage=Usage.CLIENT)
        self._ensure(ca, "scheduler-client", "system:kube-scheduler", usage=Usage.CLIENT)
        # No group: every authenticated user may ask for health and version, and this one for nothing else.
        self._ensure(ca, "probe", "karst-probe", usage=Usage.CLIENT)
        # Not system:masters, which no one could ever revoke: a group with an ordinary binding.
        self._ensure(ca, "admin", "karst-administrator", groups=(ADMINISTRATORS,), usage=Usage.CLIENT)

    def _ensure(
        self,
        authority: Authority,
        file_name: str,
        common_name: str,
        *,
        groups: Sequence[str] = (),
        usage: Usage,
        addresses: Sequence[IPv4Address] = (),
        names: Sequence[str] = (),
    ) -> None:
        pair = self.pair(file_name)
        if _still_good(pair, authority, addresses):
            return
        certificate, key = authority.issue(common_name, groups, addresses, names, usage, _CERTIFICATE_DAYS)
        # The certificate last: without it the pair is made again.
        pair.certificate.unlink(missing_ok=True)
        write_private(pair.key, key)
        write_private(pair.certificate, certificate)

    def _kubeconfig(self, user: str, pair: Pair) -> str:
        return _yaml(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {
                        "name": "karst",
                        "cluster": {"server": self._server, "certificate-authority-data": _base64(self.ca)},
                    }
                ],
                "users": [
                    {
                        "name": user,
                        "user": {
                            "client-certificate-data": _base64(pair.certificate),
                            "client-key-data": _base64(pair.key),
                        },
                    }
                ],
                "contexts": [{"name": "karst", "context": {"cluster": "karst", "user": user}}],
                "current-context": "karst",
            }
        )


def _still_good(pair: Pair, authority: Authority, addresses: Sequence[IPv4Address]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        certificate.verify_directly_issued_by(authority.certificate)
        pair.key.stat()
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        stated = alternatives.get_values_for_type(x509.IPAddress)
    except x509.ExtensionNotFound:
        stated = []
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return set(stated) == set(addresses) and left > max(life / 3, timedelta())


def _encryption(key: bytes) -> dict[str, Any]:
    secretbox = {"keys": [{"name": "key1", "secret": base64.b64encode(key).decode()}]}
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets", "configmaps"], "providers": [{"secretbox": secretbox}]}],
    }


def _admission() -> dict[str, Any]:
    pod_security = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": {**_POD_SECURITY, **{f"{mode}-version": "latest" for mode in _POD_SECURITY}},
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": ["kube-system"]},
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "PodSecurity", "configuration": pod_security}],
    }


def _audit_policy() -> dict[str, Any]:
    """Who changed what, without what must not be written down, and without the daemons' own heartbeat."""
    rules: list[dict[str, Any]] = [
        {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"]},
        {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
        {"level": "None", "resources": [{"group": "", "resources": ["events"]}]},
        # Reads by the control plane itself tell nothing about people.
        {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"], "verbs": _READS},
        {
            "level": "None",
            "users": ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"],
            "verbs": _READS,
        },
        # Bodies of these hold secrets or tokens.
        {
            "level": "Metadata",
            "resources": [
                {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
                {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
            ],
        },
        {"level": "Metadata", "verbs": _READS},
        {"level": "Request"},
    ]
    return {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False)
