"""The inventory of a plan: which servers are hosts, in which groups, with which variables."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.vars.reserved import get_reserved_names

from karst.inventory.export import as_yaml
from karst.inventory.groups import domain_group, groups_of, inventory
from karst.inventory.lazy import LazyVariables
from karst.inventory.model import Answering, Inventory, Map
from karst.inventory.variables import host_variables
from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.plan.server import server
from karst.site.base import Status
from karst.site.load import load

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "plans"


@pytest.fixture(scope="module")
def lab() -> Plan:
    return plan(load(ROOT / "sites" / "lab", ROOT / "hardware"))


@pytest.fixture(scope="module")
def qixing() -> Plan:
    return plan(load(ROOT / "sites" / "qixing", ROOT / "hardware"))


def variables(found: Inventory, name: str) -> dict[str, Any]:
    """Return what Ansible makes of groups and host; no variable stands in two places."""
    merged = host_variables(found, found.hosts[name])
    for group in groups_of(found)[name]:
        assert not merged.keys() & found.groups[group].variables.keys()
        merged |= found.groups[group].variables
    return merged


def test_a_host_is_in_the_group_of_each_of_its_failure_domains(lab: Plan) -> None:
    found = inventory(lab)
    for name, groups in groups_of(found).items():
        planned = server(lab, name)
        assert {domain_group(domain) for domain in planned.failure_domains} <= groups
        assert f"role_{planned.role.value}" in groups
        assert f"cluster_{planned.cluster}" in groups
        assert {f"path_{cord.path.lower()}" for cord in planned.cords} <= groups
        kinds = [kind for kind in ("busway", "ups") for group in groups if group.startswith(f"{kind}_")]
        assert len(kinds) == 4


def test_a_host_knows_every_ups_above_its_cords(lab: Plan, qixing: Plan) -> None:
    for made in (lab, qixing):
        found = inventory(made)
        declared = {name: ups.path for name, ups in made.site.power.ups.items()}
        for name in list(found.hosts)[::997]:
            planned = server(made, name)
            above = variables(found, name)["ups"]
            assert {each["name"]: each["path"] for each in above}.items() <= declared.items()
            assert {f"ups:{each['name']}" for each in above} <= set(planned.failure_domains)
            assert {each["path"] for each in above} == {cord.path for cord in planned.cords}


def test_groups_of_a_host_of_the_lab(lab: Plan) -> None:
    assert sorted(groups_of(inventory(lab))["h1-r1-01-s01"]) == [
        "busway_h1_a",
        "busway_h1_b",
        "cavern_main",
        "cluster_lab",
        "control_plane_lab",
        "cooling_zone_h1",
        "device_type_fanjing_s210",
        "fire_compartment_hall_1",
        "hall_h1",
        "path_a",
        "path_b",
        "rack_h1_r1_01",
        "role_control_plane",
        "row_h1_r1",
        "site_lab",
        "status_active",
        "tenant_archive",
        "tenant_genomics",
        "tenant_weather",
        "ups_ups_a",
        "ups_ups_b",
    ]


def test_only_active_servers_are_hosts_unless_told_otherwise(qixing: Plan) -> None:
    assert not inventory(qixing).hosts
    found = inventory(qixing, {Status.PLANNED, Status.ACTIVE})
    assert len(found.hosts) == 50_000
    assert list(found.hosts)[:2] == ["h01-r1-01-s01", "h01-r1-01-s02"]
    groups = groups_of(found)
    assert all(
        "status_planned" in of_host and len([g for g in of_host if g.startswith("cluster_")]) == 1
        for of_host in groups.values()
    )


def test_parents_come_before_their_children(qixing: Plan) -> None:
    seen: set[str] = set()
    for group in inventory(qixing, {Status.PLANNED}).groups.values():
        assert not seen & group.children.keys(), group.name
        seen.add(group.name)


def test_variables_are_plain_typed_as_documented_and_none_is_reserved(lab: Plan) -> None:
    page = (ROOT / "docs" / "inventory.md").read_text().partition("\n## Variables\n")[2].partition("\n## ")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, re.MULTILINE))
    types = {"text": str, "number": float, "whole number": int, "list": list, "map": dict}
    found = inventory(lab)
    for name in found.hosts:
        given = variables(found, name)
        only_some = {
            "ansible_port",
            "ansible_ssh_common_args",
            *(() if server(lab, name).role == "control_plane" else ("control_plane_members",)),
        }
        assert given.keys() == documented.keys() - only_some
        for variable, value in given.items():
            words = documented[variable].strip().split(" or ")
            assert (value is None and "null" in words) or type(value) is types[words[0]], variable
    assert not documented.keys() & (get_reserved_names() | {"serial"})


def test_hosts_and_bmcs_answer_where_they_are_mapped(lab: Plan) -> None:
    answering = Answering(Map(IPv4Network("127.80.0.0/16"), 2222), Map(IPv4Network("127.64.0.0/16"), 24000))
    given = variables(inventory(lab, answering=answering), "h1-r1-02-s03")
    assert given["ansible_host"] == "127.80.0.67"
    assert given["ansible_port"] == 2222
    assert given["bmc"] == "https://127.64.0.67:24000"
    assert given["loopback"] == "10.80.0.67"
    assert given["out_of_band"] == "10.64.0.67"
    small = Answering(Map(IPv4Network("127.80.0.0/28")))
    with pytest.raises(ValueError, match="too small"):
        inventory(lab, answering=small)


def test_the_static_form_says_the_same(lab: Plan) -> None:
    found = inventory(lab)
    text = "".join(as_yaml(found))
    said = yaml.safe_load(text)
    assert said.keys() == found.groups.keys()
    assert said["rack_h1_r1_01"]["hosts"]["h1-r1-01-s01"] == host_variables(found, found.hosts["h1-r1-01-s01"])
    assert said["role_compute"]["hosts"]["h1-r1-01-s02"] is None
    assert said["held"] is None
    assert lab.hash in text


def test_lazy_variables_are_worked_out_at_the_first_look_and_once() -> None:
    calls = []
    lazy = LazyVariables(lambda: calls.append(1) or {"a": 1})  # type: ignore[func-returns-value]
    assert lazy | {} is lazy
    assert not calls
    assert lazy | {"b": 2} == {"a": 1, "b": 2}
    assert {"a": 0, "b": 2} | lazy == {"a": 1, "b": 2}
    lazy["c"] = 3
    assert dict(lazy) == {"a": 1, "c": 3}
    assert lazy.copy() == {"a": 1, "c": 3}
    assert len(calls) == 1
