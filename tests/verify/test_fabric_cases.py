"""Cases of the network: each folder holds what a probe told otherwise than in `base.json`, and what is found.

Each `base.json` was recorded on a device of the lab's twin, and holds lists by name so that `change.json` (RFC 7386)
can reach into them. `pytest tests/verify --accept` writes `findings.txt`; read the diff.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from karst.plan.pipeline import plan
from karst.site.load import load
from karst.twin.faults import merge_patch
from karst.verify.checks import FABRIC_CHECKS
from karst.verify.evaluate import fabric_findings
from karst.verify.expected_network import ExpectedNetwork
from karst.verify.finding import Outcome
from karst.verify.observed import Observed
from karst.verify.reading.network import read
from tests.verify.test_cases import line

HERE = Path(__file__).parent / "fabric"
ROOT = HERE.parents[2]
HOST, LEAF = "h1-r1-01-s01", "h1-r1-leaf-a"
RECORDED = {HERE: HOST, HERE / "leaf": LEAF}
CASES = [
    pytest.param(device, path, id=f"{device}-{path.name}")
    for folder, device in RECORDED.items()
    for path in sorted((folder / "cases").iterdir())
]


@pytest.fixture(scope="module")
def network() -> ExpectedNetwork:
    return ExpectedNetwork(plan(load(ROOT / "sites" / "lab", ROOT / "hardware")))


def printed(told: dict[str, Any]) -> bytes:
    """Return what the probe prints of it."""
    listed = {
        **told,
        "kernel": list(told["kernel"].values()),
        "links": told["links"] if "nonsense" in told["links"] else list(told["links"].values()),
        "neighbours": told["neighbours"]
        if told["neighbours"].keys() & {"fault", "nonsense"}
        else {"lldp": [{"interface": list(told["neighbours"].values())}]},
    }
    return json.dumps({name: said(each) for name, each in listed.items()}).encode()


def said(section: Any) -> dict[str, Any]:
    if isinstance(section, dict) and "fault" in section:
        return {"fault": section["fault"]}
    text = section["nonsense"] if isinstance(section, dict) and "nonsense" in section else json.dumps(section)
    return {"text": text, "errors": "", "status": 0}


@pytest.mark.parametrize(("device", "case"), CASES)
def test_exactly_the_expected_findings(
    device: str, case: Path, network: ExpectedNetwork, expect: Callable[[Path, str], None]
) -> None:
    change = json.loads((case / "change.json").read_text())
    told = merge_patch(json.loads((case.parents[1] / "base.json").read_text()), change)
    observed = Observed(nodes={device: read(printed(told))})
    findings = sorted(fabric_findings(network, observed))
    assert {each.check for each in findings} == {check.name for check in FABRIC_CHECKS}
    lines = [line(each) for each in findings if each.outcome is not Outcome.PASSED]
    expect(case / "findings.txt", "".join(lines))


def test_a_device_that_answers_no_document_is_unobserved(network: ExpectedNetwork) -> None:
    findings = list(fabric_findings(network, Observed(nodes={HOST: read(b"bash: python3: command not found")})))
    assert {each.outcome for each in findings} == {Outcome.UNOBSERVED}
    assert len(findings) == len(FABRIC_CHECKS)


def test_links_to_servers_that_are_not_there_are_not_asked_for(network: ExpectedNetwork) -> None:
    leaf = network.node("h1-r1-leaf-a")
    assert {link.neighbour for link in leaf.links} <= {*network.switches} | {
        f"h1-r1-{rack:02d}-s{server:02d}" for rack in (1, 2, 3) for server in (1, 2, 3, 4)
    }
    assert {link.interface for link in leaf.links} <= leaf.interfaces
