"""The control plane as it is: real etcd and Kubernetes daemons, real requests."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from control_plane_support import ROOT, Supervisor, bin_dir, supervised, until

from karst.workspace import ports as free_ports

pytestmark = pytest.mark.slow

MARK = "a-word-found-nowhere-else"


def choose_ports() -> dict[str, int]:
    ports = free_ports.choose()
    del ports["bmc"]
    return ports


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with supervised(tmp_path_factory.mktemp("plane") / "home", choose_ports()) as supervisor:
        yield supervisor


@pytest.fixture(scope="module")
def tenants(plane: Supervisor) -> Supervisor:
    """The plane with three tenants of different data classes applied."""
    manifests = ROOT / "tests" / "unit" / "render" / "tenants" / "expected.yml"
    done = plane.kubectl("apply", "-f", str(manifests))
    assert done.returncode == 0, done.stderr
    # Quotas refuse everything until they have been counted once, service accounts are made by a controller, and a
    # new admission policy is heard of within a second.
    counted = ("get", "resourcequota", "tenant", "-n", "weather", "-o", "jsonpath={.status.hard.pods}")
    until(lambda: plane.kubectl(*counted).stdout == "200", "a counted quota")
    until(lambda: plane.kubectl("get", "serviceaccount", "default", "-n", "weather").returncode == 0, "an account")
    service = ("create", "service", "nodeport", "x", "--tcp=80", "-n", "weather", "--dry-run=server")
    until(lambda: plane.kubectl(*service).returncode != 0, "the admission policies")
    return plane


def ask(plane: Supervisor, port: str, path: str, pair: str = "", ca: str = "ca") -> int:
    """The status of a GET, over verified TLS, with or without a client certificate."""
    context = ssl.create_default_context(cafile=str(plane.home / "pki" / ca / "ca.crt"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    if pair:
        context.load_cert_chain(plane.home / "pki" / f"{pair}.crt", plane.home / "pki" / f"{pair}.key")
    connection = http.client.HTTPSConnection("127.0.0.1", plane.ports[port], context=context, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def pod(**spec: object) -> str:
    container = {
        "name": "c",
        "image": "registry.invalid/x",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    container |= spec.pop("container", {})  # type: ignore[arg-type]
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container], **spec}}
    return json.dumps(body)


def test_it_is_ready_in_seconds_and_all_four_run(plane: Supervisor) -> None:
    assert plane.first["ready_s"] < 30
    status = plane.status()
    assert status["ready"]
    assert [each["name"] for each in status["daemons"]] == [
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
    ]
    assert all(each["running"] and each["memory_mib"] > 1 for each in status["daemons"])


def test_who_shows_no_certificate_gets_nothing(plane: Supervisor) -> None:
    for path in ("/readyz", "/version", "/api/v1/namespaces"):
        assert ask(plane, "apiserver", path) == 401
    for port in ("controller_manager", "scheduler"):
        assert ask(plane, port, "/metrics") in (401, 403)
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(plane, "etcd_client", "/health", ca="etcd-ca")
    # A certificate for health is good for nothing else, and one of a Kubernetes user for nothing at etcd.
    assert ask(plane, "apiserver", "/readyz", "probe") == 200
    assert ask(plane, "apiserver", "/api/v1/namespaces", "probe") == 403
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(plane, "etcd_client", "/health", "admin", ca="etcd-ca")
    assert ask(plane, "etcd_client", "/health", "apiserver-etcd-client", ca="etcd-ca") == 200


def test_it_listens_on_loopback_alone_and_only_where_it_was_told(plane: Supervisor) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for pid in plane.pids().values()
        for connection in psutil.Process(pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", port) for port in plane.ports.values()}


def test_secrets_are_in_private_files_and_nowhere_in_the_process_list(plane: Supervisor) -> None:
    secrets = [yaml.safe_load((plane.home / "encryption.yml").read_text())["resources"][0]["providers"][0]]
    words = {secrets[0]["secretbox"]["keys"][0]["secret"]}
    for key in plane.home.rglob("*.key"):
        words |= set(key.read_text().splitlines()[1:-1])
    for pid in plane.pids().values():
        process = psutil.Process(pid)
        shown = "\n".join([*process.cmdline(), *process.environ().values()])
        assert not [word for word in words if word in shown]
    public = {".crt", ".pub"}
    wide = [each for each in plane.home.rglob("*") if each.is_file() and each.stat().st_mode & 0o077]
    assert not [each for each in wide if each.suffix not in public]
    assert plane.home.stat().st_mode & 0o077 == 0


def test_secrets_are_encrypted_in_etcd(plane: Supervisor) -> None:
    def in_etcd(word: str) -> bool:
        files = [each for each in (plane.home / "etcd").rglob("*") if each.is_file()]
        return any(word.encode() in each.read_bytes() for each in files)

    secret = plane.kubectl("create", "secret", "generic", "s", f"--from-literal=x={MARK}-secret", "-n", "default")
    assert secret.returncode == 0, secret.stderr
    plain = plane.kubectl("annotate", "namespace", "default", f"note={MARK}-plain", "--overwrite")
    assert plain.returncode == 0, plain.stderr
    until(lambda: in_etcd(f"{MARK}-plain"), "what is not secret, in etcd's files")
    assert not in_etcd(f"{MARK}-secret")
    assert f"{MARK}-secret" not in (plane.home / "audit.log").read_text()


def test_changes_are_audited_with_who_made_them(plane: Supervisor) -> None:
    assert plane.kubectl("create", "namespace", "audited", user="").returncode == 0
    events = [json.loads(line) for line in (plane.home / "audit.log").read_text().splitlines()]
    made = [each for each in events if each["verb"] == "create" and each["objectRef"].get("name") == "audited"]
    assert [each["user"]["username"] for each in made] == ["karst-administrator"]


def test_an_operator_acts_in_the_own_namespace_alone(tenants: Supervisor) -> None:
    own = tenants.kubectl("get", "pods", "-n", "weather", user="lin.yu")
    assert own.returncode == 0, own.stderr
    for namespace in ("archive", "genomics", "kube-system"):
        other = tenants.kubectl("get", "pods", "-n", namespace, user="lin.yu")
        assert "Forbidden" in other.stderr
    for words in (
        ("get", "nodes"),
        ("get", "pods", "-A"),
        ("create", "namespaces"),
        ("get", "secrets", "-n", "archive"),
    ):
        assert tenants.kubectl("auth", "can-i", *words, user="lin.yu").stdout.strip() == "no", words
    assert tenants.kubectl("auth", "can-i", "create", "pods", "-n", "weather", user="guest.weather").stdout == "no\n"


def test_a_tenant_cannot_undo_its_fences(tenants: Supervisor) -> None:
    policy = "networking.k8s.io/v1"
    opening = {"apiVersion": policy, "kind": "NetworkPolicy", "metadata": {"name": "open"}, "spec": {"ingress": [{}]}}
    opened = tenants.kubectl("create", "-n", "weather", "-f", "-", given=json.dumps(opening), user="lin.yu")
    assert "declared in the site's tenants.yml" in opened.stderr
    for words in (("delete", "networkpolicy", "default-deny"), ("delete", "networkpolicy", "--all")):
        assert "declared in the site's tenants.yml" in tenants.kubectl(*words, "-n", "weather", user="lin.yu").stderr
    granting = ("create", "rolebinding", "more", "--clusterrole=view", "--user=someone")
    assert "grants no roles" in tenants.kubectl(*granting, "-n", "archive", user="he.jun").stderr
    # Data of class general is the tenant's own to share.
    assert tenants.kubectl(*granting, "-n", "weather", user="lin.yu").returncode == 0
    for what in ("resourcequota", "limitrange"):
        assert "Forbidden" in tenants.kubectl("delete", what, "tenant", "-n", "weather", user="lin.yu").stderr
    # The administrators can, or nobody could ever withdraw a flow.
    assert tenants.kubectl("delete", "networkpolicy", "to-dns", "-n", "weather").returncode == 0


def test_what_would_leave_the_tenant_is_refused(tenants: Supervisor) -> None:
    def create(document: str) -> str:
        done = tenants.kubectl("create", "-n", "weather", "-f", "-", "--dry-run=server", given=document, user="lin.yu")
        return done.stderr if done.returncode else ""

    assert create(pod()) == ""
    assert create(pod(priorityClassName="tenant-weather")) == ""
    assert "priority class" in create(pod(priorityClassName="tenant-archive"))
    assert "PodSecurity" in create(pod(hostNetwork=True))
    assert "PodSecurity" in create(pod(container={"securityContext": {"runAsUser": 0}}))
    assert "exceeded quota" in create(pod(container={"resources": {"limits": {"cpu": "65"}}}))
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
    ports = [{"port": 80}]
    assert create(json.dumps({**service, "spec": {"ports": ports}})) == ""
    for spec in ({"type": "NodePort"}, {"type": "LoadBalancer"}, {"externalIPs": ["10.0.0.1"]}):
        assert "NodePort, LoadBalancer" in create(json.dumps({**service, "spec": {"ports": ports, **spec}}))


def test_a_pod_that_states_no_limits_gets_modest_ones(tenants: Supervisor) -> None:
    done = tenants.kubectl("create", "-n", "genomics", "-f", "-", "-o", "json", "--dry-run=server", given=pod())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m", "memory": "512Mi"},
        "requests": {"cpu": "100m", "memory": "128Mi"},
    }


def test_a_namespace_can_be_deleted_with_all_its_fences(tenants: Supervisor) -> None:
    done = tenants.kubectl("delete", "namespace", "genomics", "--timeout=30s")
    assert done.returncode == 0, done.stderr
    assert tenants.kubectl("get", "namespace", "genomics").returncode != 0


def test_a_daemon_that_dies_comes_back(plane: Supervisor) -> None:
    before = plane.pids()
    os.kill(before["kube-apiserver"], signal.SIGKILL)
    until(lambda: not plane.status()["ready"], "that it is noticed")
    until(lambda: plane.status()["ready"], "the API to be ready again")
    after = plane.pids()
    assert after["kube-apiserver"] != before["kube-apiserver"]
    assert after["etcd"] == before["etcd"]


def test_its_supervisor_s_death_ends_all_and_the_next_start_finds_all_objects(tmp_path: Path) -> None:
    home, ports = tmp_path / "home", choose_ports()
    with supervised(home, ports) as supervisor:
        assert supervisor.kubectl("create", "namespace", "kept").returncode == 0
        kubeconfig = (home / "admin.kubeconfig").read_text()
        pids = supervisor.pids()
        rival = Supervisor(home, ports, bin_dir())
        assert "another process" in rival.first["error"]
        rival.process.wait(10)
        supervisor.kill()
    until(lambda: not [pid for pid in pids.values() if alive(pid)], "every daemon's end", 5)
    with supervised(home, ports) as supervisor:
        assert supervisor.kubectl("get", "namespace", "kept").returncode == 0
        assert (home / "admin.kubeconfig").read_text() == kubeconfig
        pids = supervisor.pids()
        stopped = supervisor.stop()
    assert not any(each["running"] for each in stopped["daemons"])
    assert not [pid for pid in pids.values() if alive(pid)]


def test_a_start_that_fails_says_which_daemon_and_why_and_leaves_nothing(tmp_path: Path) -> None:
    ports = choose_ports()
    with socket.create_server(("127.0.0.1", ports["apiserver"])):
        supervisor = Supervisor(tmp_path / "home", ports, bin_dir())
    error = supervisor.first["error"]
    assert "kube-apiserver" in error
    assert "address already in use" in error
    supervisor.process.wait(10)
    assert not [each for each in psutil.process_iter() if any(str(tmp_path) in word for word in _words(each))]


def test_missing_programs_are_named(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "home", choose_ports(), tmp_path)
    assert "lacks etcd, kube-apiserver" in supervisor.first["error"]
    supervisor.process.wait(10)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
