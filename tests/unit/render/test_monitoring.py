"""Prometheus' and Alertmanager's files of the lab, as files beside this one; and what must hold in any of them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from karst.cli.main import app
from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.render.monitoring import Watch, documents
from karst.render.monitoring_rules import Pace
from karst.site.load import load
from karst.verify.checks import SERVER_CHECKS
from karst.verify.checks.fabric import Links
from karst.verify.checks.pdu import Mains
from karst.verify.finding import Alert

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FILES = (
    "prometheus.yml",
    "rules.yml",
    "alertmanager.yml",
    "targets/hosts-h1.json",
    "targets/switches-carriers-a.json",
    "targets/switches-carriers-b.json",
    "targets/switches-h1.json",
)


def lab(scratch: Path, **replaced: tuple[str, str]) -> Plan:
    """Return the plan of the lab, with words replaced in a file each."""
    site = shutil.copytree(ROOT / "sites" / "lab", scratch / "lab")
    for name, (old, new) in replaced.items():
        file = site / f"{name}.yml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    return plan(load(site, ROOT / "hardware"))


def alerts(text: str) -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(text)["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize("name", FILES)
def test_exactly_the_expected_file(name: str, expect: Callable[[Path, str], None], tmp_path: Path) -> None:
    found = lab(tmp_path)
    expect(HERE / "monitoring" / name, documents(found)[name].replace(found.hash, "HASH"))


def test_there_are_no_other_files(tmp_path: Path) -> None:
    assert tuple(documents(lab(tmp_path))) == FILES


def test_an_alert_has_the_class_of_the_check_that_asks_the_same(tmp_path: Path) -> None:
    classes = {check.name: check.alert.value for check in (*SERVER_CHECKS, Mains(), Links())}
    found = alerts(documents(lab(tmp_path))["rules.yml"])
    asked = {rule["labels"]["check"]: rule["labels"]["alert"] for rule in found.values() if "check" in rule["labels"]}
    assert asked == {check: classes[check] for check in asked}
    assert len(asked) == 7
    assert {rule["labels"]["alert"] for rule in found.values()} == {each.value for each in Alert}


def test_what_another_alert_implies_begins_later_and_ends_sooner(tmp_path: Path) -> None:
    texts = documents(lab(tmp_path))
    rules = alerts(texts["rules.yml"])
    inhibits = yaml.safe_load(texts["alertmanager.yml"])["inhibit_rules"]
    assert inhibits
    for each in inhibits:
        (source,) = re.findall(r'alertname="(\w+)"', each["source_matchers"][0])
        for target in re.findall(r"\w+(?=[|\"])", each["target_matchers"][0].partition("=~")[2]):
            assert seconds(rules[source]["for"]) < seconds(rules[target]["for"])
            assert seconds(rules[source]["keep_firing_for"]) > seconds(rules[target].get("keep_firing_for", "0s"))


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


def test_all_times_follow_from_the_time_between_two_scrapes(tmp_path: Path) -> None:
    found = lab(tmp_path)
    slow, fast = documents(found), documents(found, Watch(Pace(1)))
    times = re.compile(r"\b(\d+)s$", re.MULTILINE)
    for name in ("prometheus.yml", "rules.yml", "alertmanager.yml"):
        assert [int(each) for each in times.findall(slow[name])] == [
            15 * int(each) for each in times.findall(fast[name])
        ]


def test_who_does_not_have_to_run_is_not_asked_and_who_is_held_wakes_nobody(tmp_path: Path) -> None:
    changes = """
racks:
  h1-r1-02:
    servers:
      s02: {hold: {who: lin.yu, why: memory test, until: 2027-03-31}}
      s04: {status: failed}
"""
    row = "rows:\n  h1-r1: {pattern: mixed, positions: 1-3}\n"
    texts = documents(lab(tmp_path, racks=(row, row + changes)))
    labels = {entry["labels"]["server"]: entry["labels"] for entry in json.loads(texts["targets/hosts-h1.json"])}
    assert len(labels) == 11
    assert "h1-r1-02-s04" not in labels
    assert [name for name, each in labels.items() if each["held"] == "yes"] == ["h1-r1-02-s02"]
    # Of the fourteen links of a leaf, those to these two servers may be down.
    expected = re.findall(r"vector\((\d+)\)\n    labels:\n      switch: h1-r1-leaf", texts["rules.yml"])
    assert expected == ["12", "12"]
    first = yaml.safe_load(texts["alertmanager.yml"])["route"]["routes"][0]
    assert first == {"receiver": "nobody", "matchers": ['held="yes"']}


def test_a_host_that_answers_elsewhere_is_asked_there(tmp_path: Path) -> None:
    targets = json.loads(documents(lab(tmp_path), Watch(prefix=IPv4Network("127.80.0.0/16")))["targets/hosts-h1.json"])
    assert targets[0]["targets"] == ["127.80.0.1:9100"]


def test_the_command_writes_them_and_forgets_halls_that_are_no_more(tmp_path: Path) -> None:
    gone = tmp_path / "targets" / "h9.json"
    gone.parent.mkdir()
    gone.write_text("[]")
    done = CliRunner().invoke(app, ["render", "monitoring", str(ROOT / "sites" / "lab"), "--to", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")) == sorted(FILES)


def test_a_switch_that_answers_elsewhere_is_asked_there(tmp_path: Path) -> None:
    watch = Watch(switch_prefix=IPv4Network("127.84.0.0/16"))
    targets = json.loads(documents(lab(tmp_path), watch)["targets/switches-h1.json"])
    assert [target["targets"] for target in targets] == [["127.84.0.5:9100"], ["127.84.0.6:9100"]]


@pytest.mark.parametrize("option", ["--host-map", "--switch-map"])
@pytest.mark.parametrize(("prefix", "code", "says"), [("nonsense", 2, "nonsense"), ("127.80.0.0/30", 1, "too small")])
def test_a_map_that_cannot_be_is_refused(option: str, prefix: str, code: int, says: str, tmp_path: Path) -> None:
    command = ["render", "monitoring", str(ROOT / "sites" / "lab"), "--to", str(tmp_path), option, prefix]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == code
    assert says in done.output
    assert list(tmp_path.iterdir()) == []
