"""References of `clusters.yml` and `tenants.yml`."""

from __future__ import annotations

from karst.site.draft import Draft
from karst.site.problems import Problems
from karst.site.references.refer import refer, refer_all
from karst.site.tenants import DataClass, Tenant

# Namespaces that every Kubernetes cluster has or keeps for itself.
_RESERVED = ("default", "kube-")


def check_clusters(draft: Draft, problems: Problems) -> None:
    """Pass: halls exist and belong to one cluster; control planes are odd, so that etcd keeps a majority."""
    document, clusters = draft.clusters, draft.clusters.model
    seen: dict[str, str] = {}
    for name, cluster in (clusters.clusters if clusters else {}).items():
        path = ("clusters", name, "halls")
        refer_all(document, path, cluster.halls, "hall", draft.spaces.names("halls"), problems)
        for hall in dict.fromkeys(cluster.halls):
            first = seen.setdefault(hall, name)
            if first != name:
                what = f"hall {hall} is in cluster {name} and in cluster {first}"
                problems.error(document.file, document.line(*path), what, "every hall in one cluster")
        if cluster.control_plane % 2 == 0:
            where = document.line("clusters", name, "control_plane")
            problems.error(
                document.file, where, f"clusters.{name}.control_plane is {cluster.control_plane}", "an odd number"
            )


def check_tenants(draft: Draft, problems: Problems) -> None:
    """Pass: clusters exist, operators are named once, and flows lead to tenants that may be reached."""
    document, tenants = draft.tenants, draft.tenants.model
    clusters = draft.clusters.names("clusters")
    for name, tenant in (tenants.tenants if tenants else {}).items():
        refer(document, ("tenants", name, "cluster"), tenant.cluster, "cluster", clusters, problems)
        if name == _RESERVED[0] or name.startswith(_RESERVED[1]):
            what = f'tenant "{name}" has the name of a namespace of Kubernetes itself'
            problems.error(document.file, document.line("tenants", name), what, "another name")
        users = [operator.user for operator in tenant.operators]
        for index, user in enumerate(users):
            if user in users[:index]:
                where = document.line("tenants", name, "operators", index)
                problems.error(
                    document.file, where, f'tenants.{name}: operator "{user}" stands twice', "every operator once"
                )
        _flows(draft, name, tenant, problems)


def _flows(draft: Draft, name: str, tenant: Tenant, problems: Problems) -> None:
    document, tenants = draft.tenants, draft.tenants.model
    known = document.names("tenants")
    seen: set[tuple[str, int]] = set()
    for index, flow in enumerate(tenant.flows):
        path = ("tenants", name, "flows", index)
        line = document.line(*path)
        if (flow.to, flow.port) in seen:
            problems.error(
                document.file,
                line,
                f"tenants.{name}: the flow to {flow.to}:{flow.port} stands twice",
                "every flow once",
            )
        seen.add((flow.to, flow.port))
        if refer(document, (*path, "to"), flow.to, "tenant", known, problems) and tenants:
            other = tenants.tenants.get(flow.to)
            if other:
                _flow_permitted(draft, name, tenant, flow.to, other, line, problems)


def _flow_permitted(
    draft: Draft, name: str, tenant: Tenant, to: str, other: Tenant, line: int, problems: Problems
) -> None:
    """Pass: both ends are in one cluster, and government-held data stays among tenants that hold such data.

    Data Security Law of 2021, article 40: who stores or processes data for state organs may not give it to others
    without authorisation. A flow to or from any other class of tenant would be such a gift, in whichever direction
    the connection is opened, as TCP carries data both ways. What an organ authorises is shown by the receiving
    tenant's own class.
    """
    file = draft.tenants.file
    known = draft.clusters.names("clusters") or frozenset()
    if tenant.cluster != other.cluster and {tenant.cluster, other.cluster} <= known:
        what = f"tenants.{name} is in cluster {tenant.cluster}, the flow's {to} in {other.cluster}"
        problems.error(file, line, what, "tenants of one cluster, as network policies end at its border")
    held = [each.data_class is DataClass.GOVERNMENT_HELD for each in (tenant, other)]
    if held[0] != held[1]:
        what = f"tenants.{name} ({tenant.data_class.value}) has a flow to {to} ({other.data_class.value})"
        expected = "flows of government_held tenants among themselves only (Data Security Law, article 40)"
        problems.error(file, line, what, expected)
