"""The fabric as it stands: every kernel has what the plan gives and no more, and nobody is told what is not theirs."""

from __future__ import annotations

import pytest
from clos import BORDERS, CARRIERS, HOSTS, LEAVES, SPINES, nodes

from karst.render.network import Renderer
from karst.twin.fabric.fabric import Fabric, Tables

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("fabric")]

PATIENCE_S = 30
BORDER, CARRIER = BORDERS[0], CARRIERS[BORDERS[0]][0]


@pytest.fixture(scope="module")
def whole(fabric: Fabric) -> Tables:
    return fabric.wait_until_whole(PATIENCE_S)


def test_hosts_have_the_default_alone_and_carriers_the_site_s_own_prefix(whole: Tables) -> None:
    for host in LEAVES:
        assert set(whole[host]) == {"default"}
    for carrier, _ in CARRIERS.values():
        assert set(whole[carrier]) == {str(HOSTS)}


def test_switches_have_loopbacks_and_the_default_whatever_carriers_announce(whole: Tables) -> None:
    loopbacks = {str(node.loopback) for node in nodes().values()}
    for name in nodes():
        assert set(whole[name]) <= loopbacks | {"default"}


def test_what_runs_is_the_rendered_text_and_a_reload_finds_no_difference(fabric: Fabric, renderer: Renderer) -> None:
    for name, node in nodes().items():
        assert fabric.daemons[name].running() == renderer.frr(node)
        assert fabric.daemons[name].difference(renderer.frr(node)) == ""


def test_the_preferred_carrier_is_taken_by_all_though_it_is_at_another_border(
    fabric: Fabric, renderer: Renderer, whole: Tables
) -> None:
    (to_border,) = {link.interface for link in nodes()[SPINES[0]].links if link.neighbour == BORDER}
    fabric.reload(BORDER, renderer.frr(nodes({CARRIER: 200})[BORDER]))
    fabric.wait_until(
        lambda tables: [spine for spine in SPINES if tables[spine].get("default") != {to_border}], PATIENCE_S
    )
    fabric.reload(BORDER, renderer.frr(nodes()[BORDER]))
    fabric.wait_until_as(whole, PATIENCE_S)


def test_a_border_that_has_lost_the_fabric_is_not_announced_to_its_carrier(fabric: Fabric, whole: Tables) -> None:
    for interface in ("swp1", "swp2"):
        fabric.unplug(BORDER, interface)
    fabric.wait_until(lambda tables: list(tables[CARRIER]), PATIENCE_S)
    for interface in ("swp1", "swp2"):
        fabric.plug(BORDER, interface)
    fabric.wait_until_as(whole, PATIENCE_S)


def test_a_carrier_that_announces_more_than_agreed_is_cut_off(
    fabric: Fabric, renderer: Renderer, whole: Tables
) -> None:
    fabric.reload(BORDER, renderer.frr(nodes(max_prefixes=3)[BORDER]))
    fabric.wait_until(lambda tables: list(tables[CARRIER]), PATIENCE_S)
    assert "(PfxCt)" in fabric.daemons[BORDER].command("show bgp summary")
    fabric.reload(BORDER, renderer.frr(nodes()[BORDER]))
    fabric.daemons[BORDER].command("clear bgp swp32")
    fabric.wait_until_as(whole, PATIENCE_S)
