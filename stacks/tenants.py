"""Layer `tenants`: what `tenants.yml` says, as objects of one cluster's Kubernetes API."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from karst.plan.model import Plan
from karst.render import tenants as render

_KINDS: dict[str, Callable[..., pulumi.CustomResource]] = {
    "LimitRange": kubernetes.core.v1.LimitRange,
    "Namespace": kubernetes.core.v1.Namespace,
    "NetworkPolicy": kubernetes.networking.v1.NetworkPolicy,
    "PriorityClass": kubernetes.scheduling.v1.PriorityClass,
    "ResourceQuota": kubernetes.core.v1.ResourceQuota,
    "RoleBinding": kubernetes.rbac.v1.RoleBinding,
    "ValidatingAdmissionPolicy": kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy,
    "ValidatingAdmissionPolicyBinding": kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding,
}

# A field that somebody changed by hand belongs, for server-side apply, to that hand; `up` takes it back.
_TAKE_BACK = {"pulumi.com/patchForce": "true"}


def declare(
    plan: Plan, cluster: str | None = None, kubeconfig: Path | None = None, protect: bool = False
) -> dict[str, Any]:
    """Declare the tenants of `cluster` (default: `karst:cluster`, or the site's only one); what to export.

    `kubeconfig` is a path: default `karst:kubeconfig`, else the environment's KUBECONFIG; never the user's own
    ~/.kube/config, which may be another cluster's. Raises pulumi.RunError, TenantsError.
    """
    clusters, tenants = plan.site.clusters.clusters, plan.site.tenants.tenants
    cluster = cluster or _cluster(plan)
    manifests = render.manifests(tenants, clusters, cluster)
    provider = kubernetes.Provider(
        f"kubernetes-{cluster}",
        kubeconfig=str(kubeconfig or _kubeconfig()),
        # What the objects belong to. Without it a renewed certificate in the kubeconfig could replace them all.
        cluster_identifier=f"{plan.site.place.name}/{cluster}",
        opts=pulumi.ResourceOptions(protect=protect),
    )
    fences: list[pulumi.Resource] = []
    namespaces: dict[str, list[pulumi.Resource]] = {}
    for manifest in manifests:
        namespace, name = manifest["metadata"].get("namespace"), manifest["metadata"]["name"]
        if manifest["kind"] == "Namespace":
            # The fences stand before there is anything to fence.
            options = pulumi.ResourceOptions(provider=provider, protect=protect, depends_on=fences)
            namespaces[name] = [_resource(name, manifest, options)]
        elif namespace:
            declared = namespaces[namespace]
            # Operators come in last, when quota and network policies are there.
            earlier = declared[1:] if manifest["kind"] == "RoleBinding" else []
            options = pulumi.ResourceOptions(parent=declared[0], protect=protect, depends_on=earlier)
            declared.append(_resource(f"{namespace}/{name}", manifest, options))
        else:
            fences.append(_resource(name, manifest, pulumi.ResourceOptions(provider=provider, protect=protect)))
    return {"cluster": cluster, "tenants": sorted(namespaces), "kubernetes_objects": len(manifests)}


def _resource(name: str, manifest: render.Manifest, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
    body = {_snake(key): value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    metadata = {**manifest["metadata"], "annotations": _TAKE_BACK}
    return _KINDS[manifest["kind"]](name, metadata=metadata, **body, opts=options)


def _snake(key: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", key)


def _cluster(plan: Plan) -> str:
    names = sorted(plan.site.clusters.clusters)
    chosen = pulumi.Config("karst").get("cluster")
    if chosen is None and len(names) != 1:
        raise pulumi.RunError(f"set karst:cluster to one of the site's clusters: {', '.join(names)}")
    return chosen or names[0]


def _kubeconfig() -> Path:
    path = pulumi.Config("karst").get("kubeconfig") or os.environ.get("KUBECONFIG")
    if not path:
        raise pulumi.RunError("set karst:kubeconfig, or KUBECONFIG, to the path of the cluster's kubeconfig")
    return Path(path).expanduser().absolute()
