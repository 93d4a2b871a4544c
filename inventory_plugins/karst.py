"""Ansible's inventory plugin `karst`: a site's servers as hosts, derived from its plan. See docs/inventory.md."""

from __future__ import annotations

import gc
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from graphlib import TopologicalSorter
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleParserError
from ansible.inventory.host import Host
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.template import trust_as_template

if TYPE_CHECKING:  # for real only when a file is ours: Ansible loads all enabled plugins, whatever its inventory
    from karst.inventory.model import Answering, Inventory, Map
    from karst.inventory.model import Host as PlannedHost
    from karst.plan.model import Plan
    from karst.workspace.paths import Paths

DOCUMENTATION = r"""
name: karst
short_description: The servers of a Karst site as hosts
description:
  - Loads the site, makes its plan, and gives every server of the wanted statuses as a host, in groups by place, power,
    cooling, use and kind. Nothing is chosen or asked for anywhere. Variables are worked out for those hosts only that
    a play touches.
  - The file must be called C(karst.yml), C(karst.yaml), or end with C(.karst.yml) or C(.karst.yaml).
  - docs/inventory.md lists groups and variables.
extends_documentation_fragment:
  - constructed
options:
  plugin:
    description: This plugin.
    required: true
    choices: [karst]
  site:
    description: The site's name, its folder under C(sites/) of the clone that holds this file.
    required: true
    type: str
  statuses:
    description: Servers of which lifecycle status are hosts.
    type: list
    elements: str
    choices: [planned, staged, active, offline, failed, decommissioning]
    default: [active]
  twin:
    description: Hosts and BMCs answer where the clone's twin serves them, and SSH trusts what the twin's CA signed.
    type: bool
    default: false
  host_map:
    description: Where hosts answer if not at their planned addresses, C({prefix, port}); C(prefix) takes the place of
      the site's C(prefixes.loopbacks). Both keys are optional.
    type: dict
    default: {}
  out_of_band_map:
    description: The same of BMCs, for C(prefixes.out_of_band).
    type: dict
    default: {}
"""

EXAMPLES = r"""
plugin: karst
site: qixing
statuses: [active, staged]
keyed_groups:  # any of Ansible's "constructed" options; they look at every host, which costs their price
  - {key: height_u | string, prefix: height_u}
"""

_SUFFIXES = (".karst.yml", ".karst.yaml")
_NAMES = ("karst.yml", "karst.yaml")


class InventoryModule(BaseInventoryPlugin, Constructable):
    """Fills Ansible's inventory from a plan, in bulk: host by host, its own interface takes minutes for 50,000."""

    NAME = "karst"

    def verify_file(self, path: str) -> bool:
        """Whether the file is ours, by its name alone: nobody else's YAML is read for it."""
        name = Path(path).name
        return super().verify_file(path) and (name in _NAMES or name.endswith(_SUFFIXES))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill `inventory`. Raises AnsibleParserError with every fault of the site, a sentence a line."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            from karst.inventory.variables import host_variables
        except ModuleNotFoundError as missing:
            raise AnsibleParserError(
                f"{missing}: run Ansible from the clone's .venv, where Karst is installed"
            ) from None
        found = self._inventory(Path(path))
        beside = {"inventory_file": path, "inventory_dir": str(Path(path).parent)}
        self._add_groups(found)
        self._add_hosts(found, lambda host: beside | _marked(host_variables(found, host)))
        self._construct(found)
        gc.freeze()

    def _inventory(self, file: Path) -> Inventory:
        from karst.inventory.groups import inventory
        from karst.plan.pipeline import plan
        from karst.site.base import Status
        from karst.site.load import load
        from karst.site.problems import SiteError
        from karst.workspace.paths import WorkspaceError, find

        try:
            paths = find(file.parent)
            planned = plan(load(paths.site(self.get_option("site")), paths.hardware))
        except SiteError as fault:
            raise AnsibleParserError("\n".join(str(problem) for problem in fault.problems)) from None
        except WorkspaceError as fault:
            raise AnsibleParserError(str(fault)) from None
        statuses = {Status(each) for each in self.get_option("statuses")}
        try:
            found = inventory(planned, statuses, self._answering(paths, planned))
        except ValueError as fault:
            raise AnsibleParserError(str(fault)) from None
        if not found.hosts:
            wanted = ", ".join(sorted(statuses))
            self.display.warning(f"{planned.site.place.name} has no server whose status is one of: {wanted}")
        return found

    def _answering(self, paths: Paths, planned: Plan) -> Answering:
        """Where hosts and BMCs answer: as the file says, else in the clone's twin, else as planned."""
        from karst.inventory.model import Answering, Map
        from karst.workspace.paths import WorkspaceError

        hosts, bmcs = self._map("host_map"), self._map("out_of_band_map")
        if not self.get_option("twin"):
            return Answering(hosts, bmcs)
        try:
            twin = _in_twin(paths, planned)
        except WorkspaceError as fault:
            self.display.warning(f"{fault}; hosts and BMCs are given at their planned addresses")
            return Answering(hosts, bmcs)
        return replace(twin, hosts=twin.hosts if hosts == Map() else hosts, bmcs=twin.bmcs if bmcs == Map() else bmcs)

    def _map(self, option: str) -> Map:
        from karst.inventory.model import Map

        given = self.get_option(option)
        try:
            if given.keys() - {"prefix", "port"}:
                raise ValueError
            prefix, port = given.get("prefix"), given.get("port")
            return Map(None if prefix is None else IPv4Network(prefix), None if port is None else int(port))
        except ValueError:
            raise AnsibleParserError(f"{option} is {given!r}; expected {{prefix: 10.0.0.0/16, port: 22}}") from None

    def _add_groups(self, found: Inventory) -> None:
        """Add all groups, from the top down: so Ansible never has to go through what is below one again."""
        parents: dict[str, list[str]] = {name: [] for name in found.groups}
        for group in found.groups.values():
            for child in group.children:
                parents[child].append(group.name)
        for name in TopologicalSorter(parents).static_order():
            self.inventory.add_group(name)
            self.inventory.groups[name].vars = _marked(found.groups[name].variables)
            for parent in parents[name] or ["all"]:
                self.inventory.add_child(parent, name)

    def _add_hosts(self, found: Inventory, variables: Callable[[PlannedHost], dict[str, Any]]) -> None:
        """Add all hosts and their memberships at once; variables come when somebody looks at them."""
        from karst.inventory.lazy import LazyVariables

        groups, hosts = self.inventory.groups, self.inventory.hosts
        above: dict[tuple[str, ...], list[Any]] = {}
        added = {}
        for name, planned in found.hosts.items():
            if name in hosts:
                raise AnsibleParserError(
                    f"{name} is a host of another source already; give each site its own inventory"
                )
            if planned.groups not in above:
                direct = [groups[group] for group in planned.groups]
                above[planned.groups] = list(
                    dict.fromkeys([each for one in direct for each in (*one.get_ancestors(), one)])
                )
            host = added[name] = Host(name)
            host.vars = LazyVariables(partial(variables, planned))
            host.groups = above[planned.groups].copy()
        hosts.update(added)
        for name, group in found.groups.items():
            groups[name].hosts = [added[host] for host in group.hosts]
            groups[name].clear_hosts_cache()

    def _construct(self, found: Inventory) -> None:
        """Apply `compose`, `groups` and `keyed_groups`, for which every host's variables are worked out."""
        compose, groups, keyed = (self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        if not (compose or groups or keyed):
            return
        strict = self.get_option("strict")
        for name in found.hosts:
            host = self.inventory.hosts[name]
            known = {key: value for group in host.groups for key, value in group.vars.items()} | dict(host.vars)
            self._set_composite_vars(compose, known, name, strict=strict)
            known |= dict(host.vars)
            self._add_host_to_composed_groups(groups, known, name, strict=strict, fetch_hostvars=False)
            self._add_host_to_keyed_groups(keyed, known, name, strict=strict, fetch_hostvars=False)


def _in_twin(paths: Paths, planned: Plan) -> Answering:
    """Where hosts and BMCs answer in the clone's twin. Raises WorkspaceError if it has none of this site."""
    from karst.inventory.model import Answering, Map
    from karst.workspace.layers import loopback_prefix
    from karst.workspace.paths import WorkspaceError
    from karst.workspace.workspace import load

    workspace = load(paths)
    if workspace.site != planned.site.place.name:
        raise WorkspaceError(f"this clone's twin is of {workspace.site}")
    prefixes = planned.site.network.prefixes
    return Answering(
        hosts=Map(loopback_prefix(prefixes.loopbacks), workspace.ports["ssh"]),
        bmcs=Map(loopback_prefix(prefixes.out_of_band), workspace.ports["bmc"]),
        # Whose keys are trusted and what the operator's own is: `karst up` writes it.
        ssh_arguments=f"-F {shlex.quote(str(paths.ssh_config))}",
    )


def _marked(value: Any) -> Any:
    """Return plain data with its strings marked as trusted, but for those that could be templates.

    What has no brace cannot be one, and unmarked strings come out of `ansible-inventory` wrapped as unsafe ones. Free
    text of people and vendors (a hold's reason, a serial number) is never rendered, whatever it says.
    """
    kind = type(value)  # plain data has no others, and `isinstance` takes its time for a million values
    if kind is str:
        return value if "{" in value else _trusted(value)
    if kind is dict:
        return {name: _marked(each) for name, each in value.items()}
    if kind is list:
        return [_marked(each) for each in value]
    return value


# The same few words stand in every host's variables.
_trusted = lru_cache(maxsize=1 << 16)(trust_as_template)
