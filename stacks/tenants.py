"""Layer `tenants`: what `tenants.yml` says, as objects of one cluster's Kubernetes API."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
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


def declare(plan: Plan, config: pulumi.Config) -> Mapping[str, Any]:
    """Declare the tenants of `karst:cluster` (default: the site's only one); returns what to export.

    `karst:kubeconfig` is a path: default the environment's KUBECONFIG, never the user's own ~/.kube/config, which
    may be another cluster's. Raises pulumi.RunError.
    """
    protect = config.get_bool("protect", default=True)  # only a twin's stack says otherwise
    cluster = _cluster(plan, config)
    try:
        manifests = render.manifests(plan.site.tenants.tenants, plan.site.clusters.clusters, cluster)
    except render.TenantsError as fault:
        raise pulumi.RunError(str(fault)) from None
    provider = kubernetes.Provider(
        f"kubernetes-{cluster}",
        kubeconfig=_kubeconfig(config),
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


def _cluster(plan: Plan, config: pulumi.Config) -> str:
    names = sorted(plan.site.clusters.clusters)
    chosen = config.get("cluster")
    if chosen is None and len(names) != 1:
        raise pulumi.RunError(f"set karst:cluster to one of the site's clusters: {', '.join(names)}")
    return chosen or names[0]


def _kubeconfig(config: pulumi.Config) -> str:
    path = config.get("kubeconfig") or os.environ.get("KUBECONFIG")
    if not path:
        raise pulumi.RunError("set karst:kubeconfig, or KUBECONFIG, to the path of the cluster's kubeconfig")
    return str(Path(path).expanduser().absolute())
