"""What `tenants.yml` says, as the API has it; what the API then refuses is `tests/twin/test_control_plane.py`'s."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.stacks.clone import Clone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lab")]


def declared(lab: Clone) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((lab.folder / "sites/lab/tenants.yml").read_text())["tenants"]
    return found


def get(lab: Clone, kinds: str) -> list[dict[str, Any]]:
    run = lab.shell(f"kubectl get {kinds} --all-namespaces --output json")
    assert run.status == 0, run.all
    found: list[dict[str, Any]] = json.loads(run.out)["items"]
    return found


def test_namespaces_quotas_and_priorities_are_as_declared(lab: Clone) -> None:
    tenants = declared(lab)
    namespaces = {each["metadata"]["name"]: each["metadata"]["labels"] for each in get(lab, "namespaces")}
    quotas = {each["metadata"]["namespace"]: each for each in get(lab, "resourcequotas")}
    priorities = {each["metadata"]["name"]: each["value"] for each in get(lab, "priorityclasses")}
    assert quotas.keys() == tenants.keys()
    for name, tenant in tenants.items():
        assert namespaces[name]["pod-security.kubernetes.io/enforce"] == "restricted"
        assert tenant["data_class"] in namespaces[name].values()
        assert tenant["priority"] in {value for priority, value in priorities.items() if priority.endswith(name)}
        quota = tenant["quota"]
        hard = {
            "requests.cpu": str(quota["cpu_cores"]),
            "requests.memory": f"{quota['memory_gib']}Gi",
            "pods": str(quota["pods"]),
        }
        # In the status: the controller manager has taken it up.
        assert hard.items() <= quotas[name]["status"]["hard"].items()


def test_only_declared_flows_leave_or_enter_a_tenant(lab: Clone) -> None:
    tenants = declared(lab)
    flows = {(sender, flow["to"]) for sender, each in tenants.items() for flow in each.get("flows", [])}
    assert flows == {("genomics", "weather")}
    peers: dict[str, set[tuple[str, str]]] = {name: set() for name in tenants}
    closed = set()
    for policy in get(lab, "networkpolicies"):
        namespace, spec = policy["metadata"]["namespace"], policy["spec"]
        if "ingress" not in spec and "egress" not in spec and spec["policyTypes"] == ["Ingress", "Egress"]:
            closed.add(namespace)
        ends = [("to", end) for rule in spec.get("egress", []) for end in rule["to"]]
        ends += [("from", end) for rule in spec.get("ingress", []) for end in rule["from"]]
        for way, end in ends:
            peers[namespace].add((way, end["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]))
    assert closed == tenants.keys()
    dns = ("to", "kube-system")
    assert peers == {"weather": {dns, ("from", "genomics")}, "genomics": {dns, ("to", "weather")}, "archive": {dns}}


def test_each_operator_may_what_the_role_says_in_the_own_namespace_alone(lab: Clone) -> None:
    tenants = declared(lab)
    asked, expected = [], []
    rights = {
        "view": ("get pods",),
        "edit": ("get pods", "create pods"),
        "admin": ("create pods", "create rolebindings"),
    }
    beyond = {"view": ("create pods",), "edit": ("create rolebindings",), "admin": ("update resourcequotas",)}
    for name, tenant in tenants.items():
        for operator in tenant["operators"]:
            user, role = operator["user"], operator["role"]
            for right in rights[role]:
                asked.append(f"{right} --namespace {name} --as {user}")
                expected.append("yes")
            for right in beyond[role]:
                asked.append(f"{right} --namespace {name} --as {user}")
                expected.append("no")
            for other in tenants.keys() - {name}:
                asked.append(f"get pods --namespace {other} --as {user}")
                expected.append("no")
            asked.append(f"list namespaces --as {user}")
            expected.append("no")
    # `can-i` says no by its exit status too.
    run = lab.shell("\n".join(f"kubectl auth can-i {each} 2>/dev/null || true" for each in asked))
    assert dict(zip(asked, run.out.split(), strict=True)) == dict(zip(asked, expected, strict=True))
