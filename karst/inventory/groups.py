"""Which groups a host is in: where it stands, what cools, feeds and uses it, what it is. Derived, never typed by hand.

Names are `<kind>_<name>` with underscores for hyphens: `rack_h1_r1_01`, `ups_ups_a`, `tenant_weather`. Failure domains
are groups by the same words, so that `busway:h1-a` is `busway_h1_a`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from types import MappingProxyType

from karst.inventory.model import STATUSES, Answering, Group, Host, Inventory
from karst.inventory.network import Flows
from karst.inventory.variables import control_plane_variables, rack_variables, row_variables, site_variables
from karst.plan.model import Plan, RackSeat, Row, ServerInLayout
from karst.plan.network.fabric import fabric
from karst.plan.rack import device_status
from karst.site.base import Status
from karst.site.names import device_name

# Always there, so that `all:!held` is a pattern that matches in every site.
HELD = "held"


def group_name(kind: str, name: str) -> str:
    """Return the name of a group: Ansible allows no hyphens in it."""
    return f"{kind}_{name.replace('-', '_').lower()}"


def domain_group(domain: str) -> str:
    """Return the group of a failure domain as plans write it, `busway:h1-a`."""
    kind, _, name = domain.partition(":")
    return group_name(kind, name)


def inventory(
    plan: Plan,
    statuses: Collection[Status] = STATUSES,
    answering: Answering = Answering(),  # noqa: B008 - it is frozen
) -> Inventory:
    """Return the inventory of a plan: of its servers those whose status is one of `statuses`.

    Raises ValueError if `answering` maps a prefix of the site to a smaller one.
    """
    prefixes = plan.site.network.prefixes
    for given, own in ((answering.hosts.prefix, prefixes.loopbacks), (answering.bmcs.prefix, prefixes.out_of_band)):
        if given is not None and given.num_addresses < own.num_addresses:
            raise ValueError(f"{given} is too small to take the place of {own}")
    builder = _Builder(plan)
    hosts = {
        host.name: host
        for seat in plan.racks.values()
        for host in builder.rack(seat, plan.rows[seat.row], frozenset(statuses))
    }
    made = fabric(plan)
    return Inventory(plan, made, Flows(made), answering, MappingProxyType(hosts), MappingProxyType(builder.groups))


class _Builder:
    """Makes groups as the first host of each comes along; a place without hosts has none."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._halls = plan.site.spaces.halls
        # By name of a server: the group of the control plane that it was chosen for.
        self._control_planes = {
            name: cluster for cluster, names in plan.site.allocations.control_plane.items() for name in names
        }
        self._kinds: dict[tuple[str, int], tuple[str, ...] | None] = {}
        self._tenants: dict[str, list[str]] = defaultdict(list)
        for name, tenant in sorted(plan.site.tenants.tenants.items()):
            self._tenants[tenant.cluster].append(name)
        site = plan.site.place.name
        self.groups: dict[str, Group] = {}
        self._site = self._group("site", site)
        self._site.variables = site_variables(plan)
        self.groups[HELD] = Group(HELD)

    def rack(self, seat: RackSeat, row: Row, statuses: frozenset[Status]) -> list[Host]:
        """Return the hosts of a rack, in its layout's order, and put them into their groups."""
        found = []
        alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        for server in self._plan.layout(seat).servers.values():
            of_kind = self._kind_groups(seat, row, server, statuses)
            if of_kind is None:
                continue
            name = device_name(seat.name, server.name)
            groups = (self._rack_group(seat, row), *of_kind)
            if name in self._control_planes:
                groups = (*groups, self._control_plane_group(self._control_planes[name]))
            groups = alike.setdefault(groups, groups)
            found.append(Host(name, seat, server, groups))
            for group in groups:
                self.groups[group].hosts.append(name)
        return found

    def _kind_groups(
        self, seat: RackSeat, row: Row, server: ServerInLayout, statuses: frozenset[Status]
    ) -> tuple[str, ...] | None:
        """Return the groups of what a server is and hangs on, None if it is no host: once for all alike in a row."""
        key = (row.name, id(server))
        if key not in self._kinds:
            status = device_status(self._plan, seat, server)
            self._kinds[key] = self._new_kind_groups(row, server, status) if status in statuses else None
        return self._kinds[key]

    def _new_kind_groups(self, row: Row, server: ServerInLayout, status: Status) -> tuple[str, ...]:
        paths = sorted({cord.path for cord in server.cords})
        return (
            self._group("role", server.role.value).name,
            self._group("device_type", server.device_type).name,
            self._group("status", status.value).name,
            *(self._busway_group(row, path) for path in paths if path in row.busways),
            *((HELD,) if server.hold else ()),
        )

    def _rack_group(self, seat: RackSeat, row: Row) -> str:
        name = group_name("rack", seat.name)
        if name not in self.groups:
            self._row_group(row).children[name] = None
            self.groups[name] = Group(name, variables=rack_variables(seat))
        return name

    def _row_group(self, row: Row) -> Group:
        name = group_name("row", row.name)
        if name not in self.groups:
            self._hall_group(row).children[name] = None
            self._group("cooling_zone", row.cooling_zone).children[name] = None
            tenants = self._tenants.get(row.cluster or "", [])
            self.groups[name] = Group(name, variables=row_variables(row, self._halls[row.hall], tenants))
        return self.groups[name]

    def _hall_group(self, row: Row) -> Group:
        name = group_name("hall", row.hall)
        if name not in self.groups:
            hall = self._halls[row.hall]
            cavern = self._group("cavern", hall.cavern)
            compartment = self._group("fire_compartment", hall.fire_compartment)
            self._site.children[cavern.name] = None
            cavern.children[compartment.name] = None
            compartment.children[name] = None
            if row.cluster is not None:
                self._cluster_group(row.cluster).children[name] = None
            self.groups[name] = Group(name)
        return self.groups[name]

    def _cluster_group(self, cluster: str) -> Group:
        name = group_name("cluster", cluster)
        if name not in self.groups:
            for tenant in self._tenants.get(cluster, []):
                self._group("tenant", tenant).children[name] = None
            self.groups[name] = Group(name)
        return self.groups[name]

    def _control_plane_group(self, cluster: str) -> str:
        group = self._group("control_plane", cluster)
        group.variables = control_plane_variables(self._plan, cluster)
        return group.name

    def _busway_group(self, row: Row, path: str) -> str:
        name = group_name("busway", row.busways[path])
        if name not in self.groups:
            self._group("path", path).children[name] = None
            for domain in row.path_domains[path]:
                if domain_group(domain) != name:
                    self._group(*domain.split(":", 1)).children[name] = None
            self.groups[name] = Group(name)
        return name

    def _group(self, kind: str, name: str) -> Group:
        full = group_name(kind, name)
        return self.groups.setdefault(full, Group(full))


def groups_of(found: Inventory) -> Mapping[str, frozenset[str]]:
    """Return all groups of each host, those above its own too."""
    parents: dict[str, list[str]] = defaultdict(list)
    for group in found.groups.values():
        for child in group.children:
            parents[child].append(group.name)
    above: dict[str, frozenset[str]] = {}

    def with_above(name: str) -> frozenset[str]:
        if name not in above:
            above[name] = frozenset({name}).union(*(with_above(parent) for parent in parents[name]))
        return above[name]

    return {
        name: frozenset[str]().union(*(with_above(group) for group in host.groups))
        for name, host in found.hosts.items()
    }
