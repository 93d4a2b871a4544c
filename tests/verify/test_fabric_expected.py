"""Of which devices the network is asked, and what is not asked of them; what their probe tells of this machine."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.provider.bounds import Bounds
from karst.provider.config import Configuration
from karst.provider.planned import HostMap, OutOfBandMap
from karst.site.load import load
from karst.ssh_ca import SshAuthority
from karst.verify.evaluate import fabric_findings
from karst.verify.expected_network import ExpectedNetwork
from karst.verify.finding import Outcome
from karst.verify.hosts import NETWORK_PROBE, HostReach
from karst.verify.observed import Observed, ObservedNode
from karst.verify.reading.network import read
from karst.verify.reading.network_probe import PATH
from karst.verify.verify import Racks, Reach, Report, choose, choose_switches, verify

ROOT = Path(__file__).parents[2]
HALL, HOST, LEAF, STAGED, HELD = "h1", "h1-r1-01-s01", "h1-r1-leaf-a", "h1-r1-01-s02", "h1-r1-01-s03"


def planned(folder: Path) -> Plan:
    return plan(load(folder, ROOT / "hardware"))


@pytest.fixture(scope="module")
def lab() -> Plan:
    return planned(ROOT / "sites" / "lab")


@pytest.fixture(scope="module")
def reach(tmp_path_factory: pytest.TempPathFactory) -> HostReach:
    """A port at which nobody answers."""
    authority = SshAuthority.load_or_create(tmp_path_factory.mktemp("ssh"))
    site = planned(ROOT / "sites" / "lab")
    return HostReach(authority.hosts_public, HostMap.of(site, {"prefix": "127.80.0.0/16", "port": 1}))


def chosen(lab: Plan, reach: HostReach, *limit: str) -> Racks:
    racks = choose(lab, {HALL: Reach(Configuration(), OutOfBandMap.of(lab, None), reach)}, limit)
    racks.switches = choose_switches(lab, reach, frozenset(), limit)
    return racks


def verified(lab: Plan, racks: Racks, folder: Path) -> Report:
    return asyncio.run(verify(lab, racks, Bounds(1, folder), ["fabric"], lambda _: None))


def test_a_host_alone_is_asked_for_its_network(lab: Plan, reach: HostReach, tmp_path: Path) -> None:
    report = verified(lab, chosen(lab, reach, HOST), tmp_path)
    assert {(each.device, each.outcome) for each in report.findings} == {(HOST, Outcome.UNOBSERVED)}
    assert (report.hosts, report.switches) == (1, 0)


def test_where_the_network_is_not_karst_s_nobody_is_asked_and_why_is_said(
    lab: Plan, reach: HostReach, tmp_path: Path
) -> None:
    racks = chosen(lab, reach, HOST)
    racks.no_switches = "there is no stack"
    report = verified(lab, racks, tmp_path)
    assert (report.findings, report.no_switches) == ([], "there is no stack")


def test_what_is_staged_or_held_is_missed_by_nobody(tmp_path: Path) -> None:
    site = tmp_path / "lab"
    shutil.copytree(ROOT / "sites" / "lab", site)
    racks = yaml.safe_load((site / "racks.yml").read_text())
    hold = {"who": "li.wei", "why": "memory is being looked at", "until": "2099-12-01"}
    racks["racks"] = {"h1-r1-01": {"servers": {"s02": {"status": "staged"}, "s03": {"hold": hold}}}}
    (site / "racks.yml").write_text(yaml.safe_dump(racks))
    made = planned(site)
    network, whole = ExpectedNetwork(made), ExpectedNetwork(planned(ROOT / "sites" / "lab")).node(LEAF)
    leaf = network.node(LEAF)
    assert {each.neighbour for each in whole.links} - {each.neighbour for each in leaf.links} == {STAGED, HELD}
    assert leaf.interfaces == whole.interfaces
    assert len(whole.widths) - len(leaf.widths) == 2
    assert STAGED not in network
    findings = list(fabric_findings(network, Observed(nodes={HELD: ObservedNode(unread="it is off")})))
    assert findings
    assert all(each.excused.startswith("held by li.wei") for each in findings)


def test_halls_whose_network_is_not_there_are_missed_by_nobody() -> None:
    halls = frozenset({"h01"})
    network = ExpectedNetwork(planned(ROOT / "sites" / "qixing"), halls)
    leaves = {name for name in network.switches if "leaf" in name}
    assert leaves
    assert all(name.startswith("h01-") for name in leaves)
    spine = network.node("spine-01")
    assert {each.neighbour for each in spine.links if "leaf" in each.neighbour} == leaves
    assert len(spine.widths) == len(network.switches) - sum("spine" in name for name in network.switches)


def probed(probe: bytes) -> ObservedNode:
    return read(subprocess.run([sys.executable, "-I", "-"], input=probe, capture_output=True, check=True).stdout)


def test_a_program_that_is_not_there_is_a_reason_and_no_finding(tmp_path: Path) -> None:
    ip = tmp_path / "ip"
    ip.write_text("""#!/bin/sh\necho '[{"ifname": "eth0", "flags": ["UP", "LOWER_UP"]}]'\n""")
    ip.chmod(0o755)
    found = probed(NETWORK_PROBE.replace(PATH.encode(), f"{tmp_path}".encode()))
    assert found.links_up == {"eth0"}
    absent = {"speeds_gbps": "ethtool", "neighbours": "lldpctl", "sessions": "vtysh", "bgp_routes": "vtysh"}
    for section, program in absent.items():
        assert getattr(found, section) is None
        assert found.gaps[section] == f"[Errno 2] No such file or directory: '{program}'"


def test_what_the_probe_does_not_tell_of_this_machine_has_a_reason() -> None:
    found = probed(NETWORK_PROBE)
    assert found.unread == ""
    sections = ("links_up", "speeds_gbps", "neighbours", "sessions", "kernel_routes", "bgp_routes")
    assert {each for each in sections if getattr(found, each) is None} == found.gaps.keys()
