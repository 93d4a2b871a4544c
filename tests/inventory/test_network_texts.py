"""What hosts are given by their variables is what the plan gives them."""

from __future__ import annotations

from pathlib import Path

from karst.inventory.groups import inventory
from karst.inventory.network import firewall_of, node_of
from karst.inventory.variables import host_variables, rack_variables, site_variables
from karst.plan.network.flows import firewall
from karst.plan.network.nodes import node
from karst.plan.pipeline import plan
from karst.render.network import Renderer
from karst.site.load import load

ROOT = Path(__file__).resolve().parents[2]


def test_texts_of_hosts_by_their_variables_are_those_of_the_plan() -> None:
    found = inventory(plan(load(ROOT / "sites" / "lab", ROOT / "hardware")))
    frr = Renderer(ROOT / "templates")
    assert len(found.hosts) == 12
    for name, host in found.hosts.items():
        known = {**site_variables(found.plan), **rack_variables(host.seat), **host_variables(found, host)}
        made = node_of(name, known["links"], known["as_number"], known["loopback"], known["fabric_prefixes"])
        assert frr.frr(made) == frr.frr(node(found.fabric, name))
        interfaces = [link["interface"] for link in known["links"]]
        assert firewall_of(name, known["flows"], interfaces, known["bastion"]["address"]) == firewall(
            found.fabric, name
        )
