"""`karst twin …` by hand: what it shows, what it changes, how it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from twin_support import PASSWORD, REPOSITORY, Twin
from typer.testing import CliRunner

from karst.cli.main import app
from karst.twin import factory

pytestmark = pytest.mark.slow

Karst = Callable[..., Result]
SERVER = "h1-r1-01-s01"


@pytest.fixture
def karst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Karst:
    """The command, in this clone, with a workspace of the test's own."""
    monkeypatch.setenv("KARST_HOME", str(tmp_path))
    monkeypatch.chdir(REPOSITORY)

    def call(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, ["twin", *words], input=stdin)

    return call


def test_without_a_twin_it_says_how_to_start_one(karst: Karst) -> None:
    for words in (["status"], ["fault"], ["cabling"], ["feed", "A"]):
        found = karst(*words)
        assert (found.exit_code, found.stdout) == (1, "")
        assert "no twin runs in this clone; `karst twin up` starts it" in found.stderr


def test_status(own_twin: Twin, karst: Karst) -> None:
    found = json.loads(karst("status", "--format", "json").stdout)
    assert found["devices"][SERVER]["address"] == own_twin.addresses[SERVER]
    table = karst("status")
    assert "lab: 12 servers (0 on), 6 rack PDUs, no hosts (it was started without), no Kubernetes" in table.stderr
    (line,) = [line for line in table.stdout.splitlines() if line.startswith(SERVER + " ")]
    assert line.split()[1:4] == ["fanjing", own_twin.addresses[SERVER], "Off"]
    assert PASSWORD not in table.stdout


def test_faults_come_and_go(own_twin: Twin, karst: Karst, tmp_path: Path) -> None:
    rule, other = {"device": SERVER, "status": 503}, {"device": "h1-r1-02-*", "delay_s": 1.0}
    assert json.loads(karst("fault", json.dumps(rule)).stdout) == [rule]
    assert own_twin.bmc(SERVER).ask("GET", "/redfish/v1/").status == 503
    assert json.loads(karst("fault").stdout) == [rule]
    file = tmp_path / "rules.json"
    for read in ([rule, other], rule):
        file.write_text(json.dumps(read))
        assert json.loads(karst("fault", "--file", str(file)).stdout) == (read if isinstance(read, list) else [read])
    assert json.loads(karst("fault", "--file", "-", stdin=json.dumps([other])).stdout) == [other]
    assert json.loads(karst("fault", "--clear").stdout) == []
    assert own_twin.bmc(SERVER).ask("GET", "/redfish/v1/").status == 200


def test_a_time_source_goes_wrong_and_right(own_twin: Twin, karst: Karst) -> None:
    assert set(json.loads(karst("time").stdout)) == {"ntp-1", "ntp-2", "ntp-3", "ntp-4"}
    wrong = json.loads(karst("time", "ntp-4", "--offset-s", "-5").stdout)
    assert wrong["ntp-4"] == {"address": "10.72.0.14", "offset_s": -5.0, "lost": False}
    assert own_twin.control.time_sources()["ntp-3"]["offset_s"] == 0.0
    assert json.loads(karst("time", "ntp-4").stdout)["ntp-4"]["offset_s"] == 0.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fault", "{nonsense"], "not JSON: "),
        (["fault", '{"status": 99}'], "0.status: Input should be greater than or equal to 400"),
        (["fault", "--file", "/nowhere"], "/nowhere cannot be read: "),
        (["feed", "C"], "there is no path or rack PDU C"),
        (["time", "ntp-5"], "there is no time source ntp-5"),
    ],
)
def test_refusals_are_sentences(own_twin: Twin, karst: Karst, words: list[str], said: str) -> None:
    found = karst(*words)
    assert found.exit_code == 1
    assert said in found.stderr
    assert own_twin.control.faults() == []


def test_cabling_and_feeds(own_twin: Twin, karst: Karst) -> None:
    change = {"cords": {SERVER: {"PSU1": ["h1-r1-01-pdu-a", "24"], "PSU2": None}}}
    shown = json.loads(karst("cabling", "--file", "-", stdin=json.dumps(change)).stdout)
    assert shown["cords"][SERVER] == {"PSU1": ["h1-r1-01-pdu-a", "24"]}
    assert json.loads(karst("cabling").stdout) == shown
    assert "A is dead" in karst("feed", "A").stderr
    assert own_twin.device(SERVER)["dark"]
    assert not own_twin.device("h1-r1-01-s02")["dark"]
    assert "A is alive" in karst("feed", "A", "--alive").stderr
    assert own_twin.device("h1-r1-01-pdu-a")["power"] == "On"


def test_the_delivery_note_is_the_committed_one(karst: Karst) -> None:
    note = karst("deliver", "lab").stdout
    assert note == (REPOSITORY / "sites" / "lab" / "assets.csv").read_text()
    assert factory.asset(SERVER).certificate_sha256 in note
