"""What a server's flows are: of its role alone, from whom the words of `from` stand for."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karst.plan.model import Plan
from karst.plan.network.fabric import fabric
from karst.plan.network.flows import firewall, flows_of
from karst.plan.pipeline import plan
from karst.site.flows import Flow, Protocol, Source, ToRole
from karst.site.load import load
from karst.site.racks import ServerRole

BASE = Path(__file__).parents[2] / "errors" / "base"
CONTROL_PLANE, COMPUTE, STORAGE = "h1-r1-01-s01", "h1-r1-01-s02", "h1-r1-01-s03"

STANDS_FOR = {
    "anywhere": ["0.0.0.0/0"],
    "bastion": ["10.72.0.2/32"],
    "control_plane": ["10.80.0.1/32", "10.80.0.65/32", "10.80.0.129/32"],
    "hosts": ["10.80.0.0/16"],
    "out_of_band": ["10.64.0.0/16", "10.68.0.0/24"],
    "10.72.1.0/24": ["10.72.1.0/24"],
}


@cache
def base() -> Plan:
    return plan(load(BASE, BASE / "hardware"))


def with_flows(*flows: Flow, members: tuple[str, ...] | None = None) -> Plan:
    site = base().site
    network = site.network.model_copy(update={"flows": flows})
    allocations = site.allocations
    if members is not None:
        allocations = allocations.model_copy(update={"control_plane": {"lab": members}})
    return replace(base(), site=replace(site, network=network, allocations=allocations))


def flow(sources: list[str], to_role: tuple[str, ...] = ("all",), name: str = "web", port: int = 443) -> Flow:
    said = {"name": name, "from": sources, "to_role": list(to_role), "protocol": "tcp", "ports": [port]}
    return Flow.model_validate(said)


def sources_of(sources: list[str], members: tuple[str, ...] | None = None) -> list[str]:
    found = flows_of(with_flows(flow(sources), members=members), COMPUTE)
    return [str(network) for each in found for network in each.sources]


def test_a_role_s_flow_leads_to_servers_of_that_role_alone() -> None:
    planned = with_flows(flow(["hosts"], ("control_plane", "storage")))
    assert [len(flows_of(planned, name)) for name in (CONTROL_PLANE, COMPUTE, STORAGE)] == [1, 0, 1]


def test_flows_keep_the_order_in_which_they_were_declared_and_ports_are_sorted() -> None:
    first = flow(["hosts"], name="z").model_copy(update={"ports": (443, 80)})
    found = flows_of(with_flows(first, flow(["hosts"], name="a")), COMPUTE)
    assert [(each.name, each.ports) for each in found] == [("z", (80, 443)), ("a", (443,))]


@pytest.mark.parametrize("word", STANDS_FOR)
def test_each_word_stands_for_its_networks(word: str) -> None:
    assert sources_of([word]) == STANDS_FOR[word]


def test_the_words_of_the_declaration_are_all_tried_and_its_roles_are_those_of_servers() -> None:
    assert {*Source, "10.72.1.0/24"} == STANDS_FOR.keys()
    assert {*ServerRole, "all"} == set(ToRole)


def test_what_lies_in_another_network_is_not_said_again() -> None:
    # nft refuses a set whose networks overlap.
    assert sources_of(["control_plane", "hosts", "10.80.7.0/24"]) == ["10.80.0.0/16"]


def test_without_a_control_plane_nobody_is_let_in_as_one() -> None:
    assert sources_of(["control_plane"], members=()) == []


def test_a_firewall_knows_the_interfaces_to_both_leaves_and_the_bastion() -> None:
    found = firewall(fabric(base()), CONTROL_PLANE)
    assert len(set(found.interfaces)) == 2
    assert found.bastion == IPv4Address("10.72.0.2")


def test_a_switch_has_no_firewall() -> None:
    with pytest.raises(KeyError):
        firewall(fabric(base()), "spine-01")


prefixes = st.builds(
    lambda address, length: str(IPv4Network((address >> (32 - length) << (32 - length), length))),
    st.integers(0, 2**32 - 1),
    st.integers(1, 32),
)
some_sources = st.lists(prefixes | st.sampled_from([word.value for word in Source]), min_size=1, max_size=6)


@given(sources=some_sources)
def test_sources_are_sorted_apart_and_hold_exactly_what_was_declared(sources: list[str]) -> None:
    planned = with_flows(flow(sources))
    (found,) = flows_of(planned, COMPUTE)
    assert found.protocol is Protocol.TCP
    assert list(found.sources) == sorted(found.sources)
    assert not any(one.overlaps(other) for one, other in combinations(found.sources, 2))
    declared = [
        network
        for source in sources
        for each in flows_of(with_flows(flow([source])), COMPUTE)
        for network in each.sources
    ]
    assert all(any(network.subnet_of(kept) for kept in found.sources) for network in declared)
    assert sum(network.num_addresses for network in found.sources) <= sum(each.num_addresses for each in declared)
