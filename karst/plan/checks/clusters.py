"""Checks of clusters: etcd keeps its majority whatever single domain is lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from karst.plan.model import Plan, Server
from karst.plan.server import server
from karst.site.problems import Problems
from karst.site.racks import ServerRole

# Domains that take down a server whole. Those of power do so only together, as a server has several cords.
_WHOLE = ("rack", "row", "hall", "fire_compartment", "cavern", "cooling_zone")
_POWER = ("busway", "ups")


def check_clusters(plan: Plan, problems: Problems) -> None:
    """Check the control plane of every cluster."""
    for name, cluster in sorted(plan.site.clusters.clusters.items()):
        members = _members(plan, name)
        if len(members) < cluster.control_plane:
            line = plan.site.line("clusters.yml", "clusters", name, "control_plane")
            what = f"clusters.{name}: {len(members)} of {cluster.control_plane} control plane members are chosen"
            expected = f"`karst allocate {plan.site.place.name}` to have been run"
            problems.error("clusters.yml", line, what, expected)
        possible = _candidate_domains(plan, name)
        _apart(plan, name, members, possible, problems)
        if len(members) > 1:
            _majority(plan, name, members, possible, problems)


def _members(plan: Plan, cluster: str) -> list[Server]:
    """Return the chosen members that exist; of others the loader warns."""
    found = []
    for name in plan.site.allocations.control_plane.get(cluster, ()):
        try:
            found.append(server(plan, name))
        except KeyError:
            continue
    return found


def _apart(
    plan: Plan, cluster: str, members: list[Server], possible: Mapping[str, set[str]], problems: Problems
) -> None:
    """Pass: no two members share a rack, or candidates stand in fewer racks than there are members."""
    held = Counter(member.rack for member in members)
    for rack, many in sorted(held.items()):
        if many > 1 and len(possible["rack"]) >= len(members):
            line = plan.site.line("allocations.yml", "control_plane", cluster)
            what = f"control_plane.{cluster}: {many} members stand in rack {rack}"
            expected = f"one a rack, as candidates stand in {len(possible['rack'])} racks"
            problems.error("allocations.yml", line, what, expected)


def _majority(
    plan: Plan, cluster: str, members: list[Server], possible: Mapping[str, set[str]], problems: Problems
) -> None:
    """Pass: no domain holds a majority of the members, if candidates stand in three domains of its kind or more.

    With one or two racks, halls, … one of them holds a majority whatever is chosen. Of power, a busway or UPS counts
    that a member's every cord hangs on.
    """
    held: Counter[str] = Counter()
    for member in members:
        held.update(_deadly(plan, member))
    for domain, many in sorted(held.items()):
        kind = domain.partition(":")[0]
        if many > len(members) // 2 and (kind in _POWER or len(possible[kind]) >= 3):
            line = plan.site.line("allocations.yml", "control_plane", cluster)
            what = f"control_plane.{cluster}: {domain.replace(':', ' ')} holds {many} of {len(members)} members"
            problems.error("allocations.yml", line, what, "no majority in one failure domain")


def _deadly(plan: Plan, member: Server) -> set[str]:
    """Return the domains that take down the member when lost."""
    row = plan.rows[plan.racks[member.rack].row]
    of_paths = [set(row.path_domains.get(cord.path, ())) for cord in member.cords]
    return {domain for domain in member.failure_domains if domain.partition(":")[0] in _WHOLE} | (
        set.intersection(*of_paths) if of_paths else set()
    )


def _candidate_domains(plan: Plan, cluster: str) -> Mapping[str, set[str]]:
    """Return the domains, by kind, in which the cluster has servers with the role control_plane."""
    found: dict[str, set[str]] = defaultdict(set)
    for seat in plan.racks.values():
        row = plan.rows[seat.row]
        if row.cluster == cluster and any(
            each.role is ServerRole.CONTROL_PLANE for each in plan.layout(seat).servers.values()
        ):
            for domain in (f"rack:{seat.name}", *row.failure_domains):
                found[domain.partition(":")[0]].add(domain)
    return found
