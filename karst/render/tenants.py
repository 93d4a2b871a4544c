"""From `tenants.yml` to Kubernetes objects: one namespace a tenant, and what keeps tenants apart.

Sources: Kubernetes' multi-tenancy guide and Pod Security Standards; Data Security Law 2021, articles 21 and 40 (whose
data class asks for which care; who processes government data is approved and supervised). `docs/tenants.md` says of
each policy whether it is declared, enforced or tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karst.render import tenants_admission
from karst.render.tenants_admission import DATA_CLASS_LABEL, PRIORITY_CLASS_PREFIX, TENANT_LABEL
from karst.site.clusters import Cluster
from karst.site.tenants import Tenant

Manifest = dict[str, Any]

# Of a container that states none: a quota on limits makes Kubernetes refuse it otherwise. Small enough that a
# forgotten statement hurts its author before it hurts the tenant's quota.
_DEFAULT_REQUEST = {"cpu": "100m", "memory": "128Mi"}
_DEFAULT_LIMIT = {"cpu": "500m", "memory": "512Mi"}


class TenantsError(ValueError):
    """Tenants that cannot be rendered; `problems` has every fault as a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def manifests(tenants: Mapping[str, Tenant], clusters: Mapping[str, Cluster], cluster: str) -> tuple[Manifest, ...]:
    """Every object of one cluster, in an order in which each finds what it needs; the same input, the same output.

    Raises TenantsError if the cluster is unknown or a flow leaves it: a namespace cannot be named across clusters.
    """
    if cluster not in clusters:
        raise TenantsError([f"there is no cluster {cluster!r}; there are: {', '.join(sorted(clusters)) or 'none'}"])
    here = {name: tenant for name, tenant in sorted(tenants.items()) if tenant.cluster == cluster}
    problems = [
        f"tenants.{name}: a flow goes to {flow.to!r}, which is no tenant of cluster {cluster!r}"
        for name, tenant in here.items()
        for flow in tenant.flows
        if flow.to not in here
    ]
    if problems:
        raise TenantsError(problems)
    minor = clusters[cluster].kubernetes_version.rsplit(".", 1)[0]
    found = tenants_admission.policies()
    found += [_priority_class(name, tenant) for name, tenant in here.items()]
    for name, tenant in here.items():
        found.append(_namespace(name, tenant, minor))
        found += [_quota(name, tenant), _limit_range(name)]
        found += [_default_deny(name), _dns(name), *_flows(name, here)]
        found += _operators(name, tenant)
    return tuple(found)


def priority_class_name(tenant: str) -> str:
    """The priority class that a tenant's pods may name, and no other tenant's."""
    return f"{PRIORITY_CLASS_PREFIX}{tenant}"


def _object(api_version: str, kind: str, name: str, namespace: str | None = None, **body: Any) -> Manifest:
    tenant = {"labels": {TENANT_LABEL: namespace}, "namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **tenant}, **body}


def _namespace(name: str, tenant: Tenant, minor: str) -> Manifest:
    labels = {TENANT_LABEL: name, DATA_CLASS_LABEL: tenant.data_class.value}
    for mode in ("enforce", "audit", "warn"):
        labels[f"pod-security.kubernetes.io/{mode}"] = "restricted"
        # Pinned to the cluster's version: an upgrade of the API server does not tighten a tenant's rules unseen.
        labels[f"pod-security.kubernetes.io/{mode}-version"] = f"v{minor}"
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _quota(name: str, tenant: Tenant) -> Manifest:
    quota = tenant.quota
    hard = {
        "requests.cpu": str(quota.cpu_cores),
        "limits.cpu": str(quota.cpu_cores),
        "requests.memory": f"{quota.memory_gib}Gi",
        "limits.memory": f"{quota.memory_gib}Gi",
        "requests.storage": f"{quota.storage_gib}Gi",
        "pods": str(quota.pods),
    }
    return _object("v1", "ResourceQuota", "tenant", name, spec={"hard": hard})


def _limit_range(name: str) -> Manifest:
    limit = {"type": "Container", "defaultRequest": _DEFAULT_REQUEST, "default": _DEFAULT_LIMIT}
    return _object("v1", "LimitRange", "tenant", name, spec={"limits": [limit]})


def _network_policy(name: str, namespace: str, **spec: Any) -> Manifest:
    # An empty selector means every pod of the namespace.
    return _object("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec={"podSelector": {}, **spec})


def _default_deny(name: str) -> Manifest:
    """Nothing in, nothing out, not even within the namespace: what is to flow is declared."""
    return _network_policy("default-deny", name, policyTypes=["Ingress", "Egress"])


def _dns(name: str) -> Manifest:
    peer = {**_peer("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return _network_policy("to-dns", name, policyTypes=["Egress"], egress=[{"to": [peer], "ports": ports}])


def _flows(name: str, here: Mapping[str, Tenant]) -> list[Manifest]:
    """A flow needs both ends: egress where it starts and ingress where it arrives."""
    out: dict[str, set[int]] = {}
    into: dict[str, set[int]] = {}
    for flow in here[name].flows:
        out.setdefault(flow.to, set()).add(flow.port)
    for sender, tenant in here.items():
        for flow in tenant.flows:
            if flow.to == name:
                into.setdefault(sender, set()).add(flow.port)
    found = [
        _network_policy(
            f"to-tenant-{peer}", name, policyTypes=["Egress"], egress=[{"to": [_peer(peer)], "ports": _ports(ports)}]
        )
        for peer, ports in sorted(out.items())
    ]
    return found + [
        _network_policy(
            f"from-tenant-{peer}",
            name,
            policyTypes=["Ingress"],
            ingress=[{"from": [_peer(peer)], "ports": _ports(ports)}],
        )
        for peer, ports in sorted(into.items())
    ]


def _peer(namespace: str) -> Manifest:
    # This label is set by the API server itself and cannot be forged.
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def _ports(ports: set[int]) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in sorted(ports)]


def _operators(name: str, tenant: Tenant) -> list[Manifest]:
    """A RoleBinding, never a ClusterRoleBinding: the role holds in this namespace and nowhere else."""
    users: dict[str, set[str]] = {}
    for operator in tenant.operators:
        users.setdefault(operator.role, set()).add(operator.user)
    group = "rbac.authorization.k8s.io"
    return [
        _object(
            f"{group}/v1",
            "RoleBinding",
            f"operators-{role}",
            name,
            roleRef={"apiGroup": group, "kind": "ClusterRole", "name": role},
            subjects=[{"apiGroup": group, "kind": "User", "name": user} for user in sorted(users[role])],
        )
        for role in ("view", "edit", "admin")
        if role in users
    ]


def _priority_class(name: str, tenant: Tenant) -> Manifest:
    return _object(
        "scheduling.k8s.io/v1",
        "PriorityClass",
        priority_class_name(name),
        value=tenant.priority,
        globalDefault=False,
        preemptionPolicy="PreemptLowerPriority",
        description=f"Pods of tenant {name}.",
    )
