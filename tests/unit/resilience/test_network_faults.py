"""The proof of the network against a search of the graph: on small fabrics with links missing, fault by fault."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karst.plan.network.fabric import fabric
from karst.plan.pipeline import plan
from karst.resilience.network import Fault, FaultKind, Uplink, Wiring, outcomes
from karst.resilience.wiring import wiring
from karst.site.load import load

ROOT = Path(__file__).parents[3]


@st.composite
def wirings(draw: st.DrawFn) -> Wiring:
    """A fabric of up to three spines, four leaves, two borders and six hosts, in which links may be missing."""
    spines = [f"spine-{number}" for number in range(draw(st.integers(1, 3)))]
    leaves = [f"leaf-{number}" for number in range(draw(st.integers(1, 4)))]
    borders = [f"border-{number}" for number in range(draw(st.integers(1, 2)))]
    speeds = st.sampled_from([0, 100, 200])
    up: dict[str, dict[str, int]] = {
        lower: {spine: speed for spine in spines if (speed := draw(speeds))} for lower in (*leaves, *borders)
    }
    hosts = {
        f"host-{number}": dict.fromkeys(
            draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=2, unique=True)), 25
        )
        for number in range(draw(st.integers(2, 6)))
    }
    carriers = {
        f"carrier-{number}": Uplink(draw(st.sampled_from(borders)), draw(st.sampled_from(["east", "west"])), 100)
        for number in range(draw(st.integers(1, 3)))
    }
    links = []
    for lower, there in up.items():
        links += [
            (f"{spine}-{lower}-{turn}", spine, lower, 100)
            for spine, speed in there.items()
            for turn in range(speed // 100)
        ]
    links += [(f"{leaf}-{host}", leaf, host, 25) for host, there in hosts.items() for leaf in there]
    links += [(f"{each.border}-{name}", each.border, name, each.gbps) for name, each in carriers.items()]
    return Wiring(
        spines=frozenset(spines),
        leaves={leaf: up[leaf] for leaf in leaves},
        borders={border: up[border] for border in borders},
        hosts=hosts,
        carriers=carriers,
        fed_by={leaf: draw(st.sampled_from("AB")) for leaf in leaves},
        links=tuple(links),
    )


def reached(found: Wiring, fault: Fault, host: str) -> set[str]:
    """What a host reaches by a way that goes up and then down: its leaves, their spines, all below those."""
    up, down = nx.DiGraph(), nx.DiGraph()
    for label, upper, lower, _ in found.links:
        gone = (fault.kind is FaultKind.LINK and label == fault.name) or not fault.switches.isdisjoint((upper, lower))
        if not gone and lower not in fault.carriers:
            up.add_edge((lower, "up"), (upper, "up"))
            down.add_edge((upper, "down"), (lower, "down"))
    graph = nx.compose(up, down)
    graph.add_edges_from(((name, "up"), (name, "down")) for name in {name for name, _ in graph.nodes})
    start = (host, "up")
    return {name for name, _ in nx.descendants(graph, start)} if start in graph else set()


@settings(max_examples=150, deadline=None)
@given(wirings())
def test_it_agrees_with_a_search_of_the_graph(found: Wiring) -> None:
    for outcome in outcomes(found):
        ways = {host: reached(found, outcome.fault, host) for host in found.hosts}
        live = {host for host, way in ways.items() if way}
        apart = {host for host in live for other in live if other != host and other not in ways[host]}
        assert outcome.cut_off == (found.hosts.keys() - live) | apart, outcome
        assert outcome.without_carrier == {host for host, way in ways.items() if not way & found.carriers.keys()}


@pytest.mark.parametrize("name", ["lab", "qixing"])
def test_a_site_survives_every_single_fault(name: str) -> None:
    found = list(outcomes(wiring(fabric(plan(load(ROOT / "sites" / name, ROOT / "hardware"))))))
    assert [outcome.fault.name for outcome in found if not outcome.survived] == []
    worst = {kind: min(each.uplinks_left for each in found if each.fault.kind is kind) for kind in FaultKind}
    spines = {"lab": 2, "qixing": 16}[name]
    # One of a pair's two leaves; a spine; one link of all that the pair has.
    assert worst[FaultKind.PATH] == worst[FaultKind.SWITCH] == 0.5
    assert worst[FaultKind.LINK] == 1 - 1 / (2 * spines)
    assert worst[FaultKind.CARRIER] == 1
    assert min(each.carriers_left for each in found) == pytest.approx(1 - 1 / {"lab": 2, "qixing": 3}[name])


def test_a_border_without_spines_leaves_hosts_without_a_carrier() -> None:
    found = Wiring(
        spines=frozenset({"spine-1", "spine-2"}),
        leaves={"leaf-a": {"spine-1": 100}, "leaf-b": {"spine-2": 100}},
        borders={"border-1": {"spine-1": 100}},
        hosts={"host-1": {"leaf-a": 25, "leaf-b": 25}, "host-2": {"leaf-b": 25}},
        carriers={"carrier-1": Uplink("border-1", "east", 100)},
        fed_by={"leaf-a": "A", "leaf-b": "B"},
        links=(("cable-1", "leaf-a", "host-1", 25),),
    )
    by_name = {outcome.fault.name: outcome for outcome in outcomes(found)}
    # The one host that hangs on both leaves and spines loses the only spine from which the border is reached.
    assert by_name["cable-1"].without_carrier == {"host-1", "host-2"}
    assert by_name["leaf-a"].uplinks_left == 0.5
    assert by_name["B"].cut_off == {"host-2"}
    assert by_name["carrier-1"].without_carrier == {"host-1", "host-2"}
    assert by_name["carrier-1"].carriers_left == 0
