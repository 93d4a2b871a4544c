"""`karst verify` as a person and a CI run it, on the lab as `karst up` built it."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tests.stacks.clone import Clone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lab")]

BROKEN, LOST = "h1-r1-02-s02", "h1-r1-03-s04"


@pytest.fixture
def broken(lab: Clone):  # type: ignore[no-untyped-def]
    """The lab with a dead fan, and a sensor that is lost in another server."""
    lab.control.change_hardware({BROKEN: {"fans_dead": ["Fan3"]}, LOST: {"sensors_lost": ["Inlet"]}})
    yield lab
    lab.control.change_hardware({BROKEN: None, LOST: None})


def test_green_is_exit_code_0(lab: Clone) -> None:
    run = lab.run("make", "verify")
    assert run.status == 0, run.all
    assert "lab: 18 BMCs read in" in run.out
    assert "passed" in run.out
    assert "failed" not in run.out


def test_what_is_broken_is_a_table_for_people(broken: Clone) -> None:
    run = broken.karst("verify", "lab")
    assert run.status == 1, run.all
    (row,) = [line for line in run.out.splitlines() if "cooling.fans" in line]
    assert row.split()[:5] == [BROKEN, "cooling.fans", "Fan3", "failed", "ticket"]
    assert f"{LOST}  cooling.inlet" in run.out
    assert "2 failed, 1 unobserved" in run.out


def test_json_and_junit_for_programs(broken: Clone) -> None:
    run = broken.karst("verify", "lab", "--format", "json")
    assert run.status == 1, run.all
    found = json.loads(run.out)
    assert (found["failed"], found["unobserved"], found["excused"]) == (2, 1, 0)
    assert found["passed"] + 3 == len(found["findings"])
    assert found["plan"]
    run = broken.karst("verify", "lab", "--format", "junit")
    assert run.status == 1, run.all
    root = ElementTree.fromstring(run.out)
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("2", "1", "0")
    assert len(root) == 18
    failures = {(case.get("classname"), case.get("name")) for case in root.iter("testcase") if len(case)}
    assert failures == {
        (BROKEN, "cooling.fans Fan3"),
        (BROKEN, "cooling.fan_redundancy"),
        (LOST, "cooling.inlet"),
    }


def test_unobserved_alone_has_an_exit_code_of_its_own(broken: Clone) -> None:
    run = broken.karst("verify", "lab", "--limit", "h1-r1-03", "--only", "cooling")
    assert run.status == 3, run.all
    run = broken.karst("verify", "lab", "--limit", "h1-r1-01*", "--only", "cooling")
    assert run.status == 0, run.all


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--only", "colling"), "expected one of compute, cooling"),
        (("--limit", "h9-*"), "no rack or device of lab matches h9-*"),
    ],
)
def test_wrong_use_is_exit_code_2(lab: Clone, arguments: tuple[str, str], sentence: str) -> None:
    run = lab.karst("verify", "lab", *arguments)
    assert run.status == 2, run.all
    assert sentence in " ".join(run.err.replace("│", " ").split())


def test_outlets_are_tested_with_consent_alone(lab: Clone) -> None:
    run = lab.karst("verify", "lab", "--outlet-test", BROKEN)
    assert run.status == 1, run.all
    assert "no outlet was touched" in run.err
    assert "--yes consents" in run.err
    run = lab.karst("verify", "lab", "--outlet-test", BROKEN, "--yes", "--format", "json")
    assert run.status == 0, run.all
    findings = json.loads(run.out)["findings"]
    assert [(each["part"], each["outcome"]) for each in findings] == [("PSU1", "passed"), ("PSU2", "passed")]
    assert not any(device.get("outlets_off") for device in lab.devices().values())


def test_no_secret_is_shown(lab: Clone) -> None:
    run = lab.karst("verify", "lab", "--format", "json")
    passwords = [login["password"] for login in lab.secrets["bmc"].values()]
    assert passwords
    assert not any(word in run.all for word in [*passwords, lab.secrets["factory"]["password"]])
