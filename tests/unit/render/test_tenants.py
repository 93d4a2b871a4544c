"""Tenants as Kubernetes objects: a golden file for the whole, and properties that no edit of it may lose.

`KARST_REWRITE=1 pytest tests/unit/render` writes the golden file anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from karst.render.tenants import Manifest, TenantsError, manifests
from karst.site.clusters import Cluster
from karst.site.tenants import Flow, Tenant

CASE = Path(__file__).parent / "tenants"


def load() -> tuple[dict[str, Tenant], dict[str, Cluster]]:
    case = yaml.safe_load((CASE / "cluster.yml").read_text())
    tenants = {name: Tenant.model_validate(each) for name, each in case["tenants"].items()}
    return tenants, {name: Cluster.model_validate(each) for name, each in case["clusters"].items()}


@pytest.fixture(scope="module")
def rendered() -> tuple[Manifest, ...]:
    return manifests(*load(), "lab")


def of(rendered: tuple[Manifest, ...], kind: str, namespace: str | None = None) -> dict[str, Any]:
    return {
        each["metadata"]["name"]: each
        for each in rendered
        if each["kind"] == kind and each["metadata"].get("namespace") == namespace
    }


def test_the_whole_is_as_agreed(rendered: tuple[Manifest, ...]) -> None:
    golden = CASE / "expected.yml"
    # Without aliases, so that the file reads as what is sent.
    dumper = type("Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    text = yaml.dump_all(rendered, Dumper=dumper, sort_keys=False, width=120)
    if os.environ.get("KARST_REWRITE"):
        golden.write_text(text)
    assert text == golden.read_text()


def test_order_of_input_does_not_matter(rendered: tuple[Manifest, ...]) -> None:
    tenants, clusters = load()
    assert manifests(dict(reversed(tenants.items())), clusters, "lab") == rendered


def test_only_this_cluster_s_tenants_and_each_in_a_restricted_namespace(rendered: tuple[Manifest, ...]) -> None:
    namespaces = of(rendered, "Namespace")
    assert sorted(namespaces) == ["archive", "genomics", "weather"]
    for namespace in namespaces.values():
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_flow_opens_both_its_ends_and_nothing_else(rendered: tuple[Manifest, ...]) -> None:
    assert sorted(of(rendered, "NetworkPolicy", "archive")) == ["default-deny", "to-dns"]
    sent = of(rendered, "NetworkPolicy", "genomics")
    assert sorted(sent) == ["default-deny", "to-dns", "to-tenant-weather"]
    received = of(rendered, "NetworkPolicy", "weather")
    assert sorted(received) == [
        "default-deny",
        "from-tenant-genomics",
        "from-tenant-weather",
        "to-dns",
        "to-tenant-weather",
    ]
    ports = [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 8443}]
    egress, ingress = sent["to-tenant-weather"]["spec"], received["from-tenant-genomics"]["spec"]
    assert egress["egress"][0]["ports"] == ingress["ingress"][0]["ports"] == ports
    assert egress["policyTypes"] == ["Egress"]
    assert ingress["policyTypes"] == ["Ingress"]
    denied = received["default-deny"]["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_no_operator_gets_anything_outside_the_namespace(rendered: tuple[Manifest, ...]) -> None:
    assert not [each for each in rendered if each["kind"].startswith("ClusterRole")]
    views = of(rendered, "RoleBinding", "weather")["operators-view"]["subjects"]
    assert [each["name"] for each in views] == ["an.guest", "guest.weather"]
    assert list(of(rendered, "RoleBinding", "archive")) == ["operators-admin"]


def test_what_cannot_be_rendered_is_said_whole() -> None:
    tenants, clusters = load()
    bad = {
        "genomics": tenants["genomics"],
        "weather": tenants["weather"].model_copy(update={"cluster": "far"}),
        "archive": tenants["archive"].model_copy(update={"flows": (Flow(to="nobody", port=1),)}),
    }
    with pytest.raises(TenantsError) as caught:
        manifests(bad, clusters, "lab")
    assert len(caught.value.problems) == 3
    assert "tenants.genomics: a flow goes to 'weather', which is no tenant of cluster 'lab'" in caught.value.problems
    with pytest.raises(TenantsError, match="there is no cluster 'nowhere'; there are: far, lab"):
        manifests(tenants, clusters, "nowhere")
