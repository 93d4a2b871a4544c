"""How each daemon of the control plane is started: loopback only, mutual TLS, every secret in a file."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from karst.twin.control_plane_files import LOOPBACK, Files, Pair

BINARIES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_ETCD_QUOTA_BYTES = 2 * 2**30
_ETCD_SNAPSHOT_COUNT = 10_000  # entries kept in memory between snapshots; etcd's default of 100,000 costs memory


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports of the control plane on 127.0.0.1, named as in `workspace.json`."""

    apiserver: int
    etcd_client: int
    etcd_peer: int
    controller_manager: int
    scheduler: int


def etcd(binary: Path, files: Files, ports: Ports) -> list[str]:
    """A cluster of one. Clients and peers must show a certificate of etcd's own authority."""
    client, peer = (f"https://{LOOPBACK}:{port}" for port in (ports.etcd_client, ports.etcd_peer))
    served, peering = files.pair("etcd"), files.pair("etcd-peer")
    return [
        str(binary),
        "--name=karst",
        f"--data-dir={files.etcd_data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=karst={peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={files.etcd_ca}",
        f"--cert-file={served.certificate}",
        f"--key-file={served.key}",
        "--peer-client-cert-auth",
        f"--peer-trusted-ca-file={files.etcd_ca}",
        f"--peer-cert-file={peering.certificate}",
        f"--peer-key-file={peering.key}",
        f"--quota-backend-bytes={_ETCD_QUOTA_BYTES}",
        f"--snapshot-count={_ETCD_SNAPSHOT_COUNT}",
        "--logger=zap",
        "--log-level=warn",
    ]


def apiserver(binary: Path, files: Files, ports: Ports, services: IPv4Network) -> list[str]:
    """Certificates are the only way in; `services` is the range of the cluster's service addresses."""
    to_etcd = files.pair("apiserver-etcd-client")
    return [
        str(binary),
        *_serving(files, files.pair("apiserver"), ports.apiserver),
        # The twin's API is reached on loopback alone, so there is no address to publish within the cluster.
        f"--advertise-address={LOOPBACK}",
        "--endpoint-reconciler-type=none",
        f"--service-cluster-ip-range={services}",
        f"--etcd-servers=https://{LOOPBACK}:{ports.etcd_client}",
        f"--etcd-cafile={files.etcd_ca}",
        f"--etcd-certfile={to_etcd.certificate}",
        f"--etcd-keyfile={to_etcd.key}",
        f"--encryption-provider-config={files.encryption}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction,PodSecurity",
        f"--admission-control-config-file={files.admission}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={files.service_account.certificate}",
        f"--service-account-signing-key-file={files.service_account.key}",
        f"--audit-policy-file={files.audit_policy}",
        f"--audit-log-path={files.audit_log}",
        "--audit-log-maxsize=50",  # MB, then rotated
        "--audit-log-maxbackup=3",
    ]


def controller_manager(binary: Path, files: Files, ports: Ports) -> list[str]:
    """Each controller with a service account of its own; no certificates are signed on request."""
    return [
        str(binary),
        *_serving(files, files.pair("controller-manager"), ports.controller_manager),
        *_logging_in(files.kubeconfig("controller-manager")),
        "--leader-elect=false",  # there is one; a lease would only delay its restart
        "--use-service-account-credentials",
        f"--root-ca-file={files.ca}",
        f"--service-account-private-key-file={files.service_account.key}",
    ]


def scheduler(binary: Path, files: Files, ports: Ports) -> list[str]:
    """The default scheduler."""
    return [
        str(binary),
        *_serving(files, files.pair("scheduler"), ports.scheduler),
        *_logging_in(files.kubeconfig("scheduler")),
        "--leader-elect=false",
    ]


def _serving(files: Files, pair: Pair, port: int) -> list[str]:
    return [
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--tls-cert-file={pair.certificate}",
        f"--tls-private-key-file={pair.key}",
        "--tls-min-version=VersionTLS13",
        f"--client-ca-file={files.ca}",
        "--profiling=false",
    ]


def _logging_in(kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
    ]
