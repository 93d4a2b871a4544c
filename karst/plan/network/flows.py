"""What a host's firewall lets in: the site's declared flows, as far as they lead to that host."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses

from karst.plan.model import Plan, Server
from karst.plan.network.cables import cables_of
from karst.plan.network.fabric import Fabric
from karst.plan.server import server
from karst.site.flows import Flow, Protocol, Source, ToRole


@dataclass(frozen=True, slots=True)
class HostFlow:
    """A flow as one host has it. `ports` are sorted, `sources` sorted and apart from each other, and never none."""

    name: str
    protocol: Protocol
    ports: tuple[int, ...]
    sources: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True)
class Firewall:
    """A host, and all that its ruleset is made of: nothing else of the plan is looked at."""

    name: str
    interfaces: tuple[str, ...]  # to the leaves, where BGP, BFD and IPv6's neighbours are heard
    bastion: IPv4Address  # whose SSH no declaration takes away
    flows: tuple[HostFlow, ...]


def firewall(made: Fabric, name: str) -> Firewall:
    """Return the firewall of a server. Raises KeyError for a name that is no server of the plan."""
    return Firewall(
        name=name,
        flows=flows_of(made.plan, name),
        interfaces=tuple(cable.b.interface for cable in cables_of(made, name)),
        bastion=made.plan.site.place.services.bastion.address,
    )


def flows_of(plan: Plan, name: str) -> tuple[HostFlow, ...]:
    """Return the flows of a server, as declared in order. Raises KeyError for a name that is no server of the plan.

    A flow from the control plane is none where there is no cluster, or no member chosen yet.
    """
    host = server(plan, name)
    found = []
    for flow in plan.site.network.flows:
        if not {ToRole.ALL, ToRole(host.role.value)} & set(flow.to_role):
            continue
        sources = _sources(plan, host, flow)
        if sources:
            found.append(HostFlow(flow.name, flow.protocol, tuple(sorted(flow.ports)), sources))
    return tuple(found)


def _sources(plan: Plan, host: Server, flow: Flow) -> tuple[IPv4Network, ...]:
    return tuple(collapse_addresses(each for source in flow.sources for each in _networks(plan, host, source)))


def _networks(plan: Plan, host: Server, source: str) -> tuple[IPv4Network, ...]:
    prefixes = plan.site.network.prefixes
    if source == Source.ANYWHERE:
        return (IPv4Network("0.0.0.0/0"),)
    if source == Source.BASTION:
        return (IPv4Network(plan.site.place.services.bastion.address),)
    if source == Source.HOSTS:
        return (prefixes.loopbacks,)
    if source == Source.OUT_OF_BAND:
        return (prefixes.out_of_band, prefixes.switch_out_of_band)
    if source == Source.CONTROL_PLANE:
        members = plan.site.allocations.control_plane.get(host.cluster or "", ())
        return tuple(IPv4Network(server(plan, member).loopback) for member in members)
    return (IPv4Network(source),)
