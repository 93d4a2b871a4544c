"""The stacks of a site's twin: `network`, one a hall for `metal`, `tenants`; their names and configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import yaml

from karst.plan.model import Plan
from karst.site.switches import ROUTES
from karst.workspace import secrets, ssh
from karst.workspace.paths import Paths, WorkspaceError
from karst.workspace.stack import Stack, Value
from karst.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StackOfSite:
    """A stack and what it is of; `hall` is None for a layer of the whole site."""

    name: str
    layer: str
    hall: str | None


def stacks_of_site(plan: Plan, halls: frozenset[str] = frozenset(), switches: bool = True) -> tuple[StackOfSite, ...]:
    """A site's stacks in the order in which they are built; only the given halls' if any are given.

    `switches` says whether there are any that can be reached.
    """
    return tuple(_stacks(plan, halls, switches))


def _stacks(plan: Plan, halls: frozenset[str], switches: bool) -> Iterator[StackOfSite]:
    site = plan.site.place.name
    # Hosts are installed out of band, but reach each other over the fabric.
    if switches and any(switch.role in ROUTES for switch in plan.switches.values()):
        yield StackOfSite(f"{site}-network", "network", None)
    with_racks = dict.fromkeys(seat.hall for seat in plan.racks.values())
    for hall in with_racks:
        if not halls or hall in halls:
            yield StackOfSite(f"{site}-metal-{hall}", "metal", hall)
    # A cluster's API exists only after its hosts do, so tenants come last.
    if plan.site.tenants.tenants:
        yield StackOfSite(f"{site}-tenants", "tenants", None)


def configure(
    stack: Stack, what: StackOfSite, plan: Plan, workspace: Workspace, hosts: bool, halls: frozenset[str] = frozenset()
) -> None:
    """Write what a twin's stack needs into its configuration; what a person set beside it stays.

    `hosts` says whether the twin has any: else nothing is to be installed. `halls` are those that it imitates, if not
    all.

    Raises WorkspaceError, OSError.
    """
    plain: dict[str, Value] = {
        "karst:site": plan.site.place.name,
        "karst:layers": [what.layer],
        "karst:protect": "false",  # a twin may be destroyed
    }
    secret: dict[str, str] = {}
    if what.hall:
        plain |= {"karst:hall": what.hall, **_metal(plan, workspace, hosts)}
        secret = _metal_secrets(workspace)
    elif what.layer == "network":
        plain |= {"karst:halls": sorted(halls), **_network(plan, workspace)}
    stack.configure(plain, secret)


def discard_stale_config(paths: Paths, what: StackOfSite) -> None:
    """Make way for a new stack's configuration file: one that an earlier twin left is sealed with a lost passphrase.

    Raises WorkspaceError if the file is a real site's.
    """
    file = paths.stack_config(what.name)
    if not file.exists():
        return
    if not _is_of_a_twin(file):
        raise WorkspaceError(f"{file} is of a real site, whose stacks `pulumi up` brings up; a twin of it needs a copy")
    file.unlink()


def discard_stale_configs(paths: Paths) -> None:
    """Remove every configuration file that an earlier twin left."""
    for file in paths.stacks.glob("Pulumi.*.yaml"):
        if _is_of_a_twin(file):
            file.unlink()


def _is_of_a_twin(file: Path) -> bool:
    """A real site's stack never gives up its protection in its configuration."""
    try:
        content = yaml.safe_load(file.read_text())
        return str(content["config"]["karst:protect"]).lower() == "false"
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return False


def loopback_prefix(prefix: IPv4Network) -> IPv4Network:
    """Where the twin keeps a prefix of the site: the same offset in 127.0.0.0/8. Raises ValueError if larger."""
    if prefix.prefixlen < 8:
        raise ValueError(f"the prefix {prefix} does not fit into 127.0.0.0/8")
    offset = int(prefix.network_address) & 0x00FFFFFF
    return IPv4Network((int(IPv4Network("127.0.0.0/8").network_address) | offset, prefix.prefixlen))


def _network(plan: Plan, workspace: Workspace) -> Mapping[str, Value]:
    prefix = loopback_prefix(plan.site.network.prefixes.switch_out_of_band)
    return {
        "karst:switch_map": {"prefix": str(prefix), "port": workspace.ports["ssh"]},
        "karst:ssh_ca": ssh.authority(workspace.paths).hosts_public,
        "karst:ssh_config": str(workspace.paths.ssh_config),
    }


def _metal(plan: Plan, workspace: Workspace, hosts: bool) -> Mapping[str, Value]:
    prefixes = plan.site.network.prefixes
    prefix, host_prefix = map(loopback_prefix, (prefixes.out_of_band, prefixes.loopbacks))
    generations = secrets.read(workspace.paths)["bmc"]
    return {
        "karst:out_of_band_map": {"prefix": str(prefix), "port": workspace.ports["bmc"]},
        "karst:credential_generation": max(generations, key=int),
        "karst:ca_certificate": workspace.authority.certificate_pem,
        "karst:allow_destroy": "true",
        "karst:install": str(hosts).lower(),
        "karst:host_map": {"prefix": str(host_prefix), "port": workspace.ports["ssh"]},
        "karst:ssh_ca": ssh.authority(workspace.paths).hosts_public,
    }


def _metal_secrets(workspace: Workspace) -> dict[str, str]:
    content = secrets.read(workspace.paths)
    return {
        "karst:credentials": json.dumps(content["bmc"]),
        # Every device of the twin leaves the factory with the same credential, as `assets.csv` says.
        "karst:factory_credentials": json.dumps({"factory": content["factory"]}),
        "karst:ca_key": workspace.authority.key_pem,
    }
