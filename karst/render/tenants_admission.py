"""Admission policies (CEL, evaluated by the API server) that keep a tenant's own operators from undoing its fences.

Kubernetes' built-in roles `edit` and `admin` may write network policies, and `admin` role bindings too. Network
policies only ever add permissions, so a tenant's operator could open what the site's files keep shut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TENANT_LABEL = "karst/tenant"
DATA_CLASS_LABEL = "karst/data-class"
PRIORITY_CLASS_PREFIX = "tenant-"

_GROUP = "admissionregistration.k8s.io"
_TENANT = {"key": TENANT_LABEL, "operator": "Exists"}
_GUARDED_DATA = {"key": DATA_CLASS_LABEL, "operator": "NotIn", "values": ["general"]}


def _cluster_wide(group: str, resource: str) -> str:
    """True for whoever may delete the resource in every namespace: administrators and Kubernetes' own controllers.

    Asking what someone may do, rather than who it is, leaves the administrators' names to the cluster.
    """
    return f"authorizer.group('{group}').resource('{resource}').check('delete').allowed()"


@dataclass(frozen=True, slots=True)
class _Policy:
    name: str
    group: str
    resources: tuple[str, ...]
    operations: tuple[str, ...]
    namespaces: tuple[dict[str, Any], ...]
    expression: str
    message: str


_POLICIES = (
    _Policy(
        "karst-network-policies",
        "networking.k8s.io",
        ("networkpolicies",),
        ("CREATE", "UPDATE", "DELETE"),
        (_TENANT,),
        _cluster_wide("networking.k8s.io", "networkpolicies"),
        "who may talk to whom is declared in the site's tenants.yml; network policies are not changed by a tenant",
    ),
    _Policy(
        "karst-operators",
        "rbac.authorization.k8s.io",
        ("roles", "rolebindings"),
        ("CREATE", "UPDATE", "DELETE"),
        (_TENANT, _GUARDED_DATA),
        _cluster_wide("rbac.authorization.k8s.io", "rolebindings"),
        "who may operate on data of this class is declared in the site's tenants.yml; a tenant grants no roles",
    ),
    _Policy(
        "karst-services",
        "",
        ("services",),
        ("CREATE", "UPDATE"),
        (_TENANT,),
        "!(object.spec.?type.orValue('ClusterIP') in ['NodePort', 'LoadBalancer'])"
        " && object.spec.?externalIPs.orValue([]).size() == 0",
        "a tenant's service is reached within the cluster: no NodePort, LoadBalancer or externalIPs",
    ),
    _Policy(
        "karst-priorities",
        "",
        ("pods",),
        ("CREATE",),
        (_TENANT,),
        f"object.spec.?priorityClassName.orValue('') in ['', '{PRIORITY_CLASS_PREFIX}' + request.namespace]",
        "a pod may name its own tenant's priority class only",
    ),
)


def policies() -> list[dict[str, Any]]:
    """Each policy followed by its binding. They hold in namespaces that carry a tenant's label."""
    return [document for policy in _POLICIES for document in (_policy(policy), _binding(policy))]


def _policy(policy: _Policy) -> dict[str, Any]:
    rule = {
        "apiGroups": [policy.group],
        "apiVersions": ["v1"],
        "operations": list(policy.operations),
        "resources": list(policy.resources),
    }
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": policy.name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "matchPolicy": "Equivalent",
                "namespaceSelector": {"matchExpressions": [dict(each) for each in policy.namespaces]},
                "objectSelector": {},
                "resourceRules": [rule],
            },
            "validations": [{"expression": policy.expression, "message": policy.message, "reason": "Forbidden"}],
        },
    }


def _binding(policy: _Policy) -> dict[str, Any]:
    return {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": policy.name},
        "spec": {"policyName": policy.name, "validationActions": ["Deny", "Audit"]},
    }
