"""An inventory as a static one, which Ansible reads without Karst: the same groups, the same variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from karst.inventory.model import Group, Inventory
from karst.inventory.variables import host_variables

# Where lines are broken: nowhere, so that a list stands on its variable's line, and a host is some twenty lines.
_WIDTH = 10_000


class _Unsafe(str):
    """Text that Ansible must never take for a template."""

    __slots__ = ()


class _Dumper(yaml.CSafeDumper):
    """Knows Ansible's tag for text that is no template, and writes no anchors: people read and change this file."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Nothing is an alias of anything."""
        return True


_Dumper.add_representer(list, lambda dumper, each: dumper.represent_sequence("tag:yaml.org,2002:seq", each, True))
_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def as_yaml(found: Inventory) -> Iterator[str]:
    """Yield the inventory in the form of Ansible's plugin `yaml`, a group a piece; parents before their children.

    A host's variables stand where its rack's group names it.
    """
    yield f"# Made by `karst inventory {found.plan.site.place.name}` from plan {found.plan.hash}.\n"
    yield "# yamllint disable rule:line-length\n---\n"
    for group in found.groups.values():
        entry = {group.name: _group(found, group)}
        yield yaml.dump(entry, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _group(found: Inventory, group: Group) -> dict[str, Any] | None:
    """Return a group's entry. A host's first group is its rack's; in the others it has its name alone."""
    hosts = {
        name: _plain(host_variables(found, found.hosts[name])) if found.hosts[name].groups[0] == group.name else None
        for name in group.hosts
    }
    entry = {"vars": _plain(group.variables), "children": dict.fromkeys(group.children), "hosts": hosts}
    return {section: content for section, content in entry.items() if content} or None


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _Unsafe(value) if "{" in value else value
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
