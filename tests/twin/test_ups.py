"""The twin's UPSes and what their NUT servers say. What hosts make of it: tests/verify/test_hosts.py."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from karst.site.power import Ups
from karst.twin.ups import Upses
from karst.twin.ups_servers import Conversation
from karst.twin.world import Credential

ACCOUNT = Credential("karst", 'it\'s a "word"')
# Two of path A feed together; B has one.
PLANNED = {
    name: Ups.model_validate(
        {"fed_from": ["main"], "plant_room": "electric", "path": name[-1].upper(), "rating_kw": 40, "battery_min": 15}
    )
    for name in ("ups-1-a", "ups-2-a", "ups-b")
}


class Paths:
    """Paths as a twin loses and restores them."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self._changed = asyncio.Event()

    def feed(self, path: str, alive: bool) -> None:
        (self.dead.discard if alive else self.dead.add)(path)
        self._changed.set()

    async def change(self) -> set[str]:
        """Which are dead after the next change."""
        async with asyncio.timeout(10):
            await self._changed.wait()
        self._changed.clear()
        return self.dead


@pytest.fixture
def upses(tmp_path: Path) -> Upses:
    return Upses(tmp_path / "ups.json", PLANNED)


async def test_a_path_is_lost_with_the_last_of_its_batteries(upses: Upses) -> None:
    paths = Paths()
    upses.change(b'{"ups-1-a": {"on_battery": true, "runtime_s": 0.01}}', paths.feed)
    # A battery that ends later, and the only one of its path, shows that the time of the first has come.
    upses.change(b'{"ups-b": {"on_battery": true, "runtime_s": 0.1}}', paths.feed)
    assert await paths.change() == {"B"}
    upses.change(b'{"ups-b": null, "ups-2-a": {"on_battery": true, "runtime_s": 0.01}}', paths.feed)
    assert await paths.change() == set()
    assert await paths.change() == {"A"}
    assert upses.variables("ups-1-a", 0)["output.voltage"] == "0"
    upses.change(b'{"ups-1-a": null}', paths.feed)
    assert paths.dead == set()


async def test_who_is_fed_again_in_time_is_not_lost(upses: Upses) -> None:
    paths = Paths()
    upses.change(b'{"ups-b": {"on_battery": true, "runtime_s": 0.01}}', paths.feed)
    of_a = {"on_battery": True, "runtime_s": 0.1}
    upses.change(json.dumps({"ups-b": None, "ups-1-a": of_a, "ups-2-a": of_a}).encode(), paths.feed)
    assert await paths.change() == {"A"}


async def test_what_is_wrong_is_kept_and_goes_on(tmp_path: Path, upses: Upses) -> None:
    upses.change(b'{"ups-b": {"on_battery": true, "runtime_s": 0.2}}', Paths().feed)
    again, paths = Upses(tmp_path / "ups.json", PLANNED), Paths()
    assert again.body()["ups-b"]["low"]
    again.watch(paths.feed)
    assert await paths.change() == {"B"}


@pytest.mark.parametrize(
    ("change", "status", "charge"),
    [
        (b"{}", "OL", "100"),
        (b'{"ups-b": {"on_battery": true}}', "OB DISCHRG", "100"),
        (b'{"ups-b": {"on_battery": true, "runtime_s": 450}}', "OB DISCHRG", "50"),
        (b'{"ups-b": {"on_battery": true, "runtime_s": 180}}', "OB DISCHRG LB", "20"),
    ],
)
async def test_its_status_in_nut_s_words(upses: Upses, change: bytes, status: str, charge: str) -> None:
    upses.change(change, Paths().feed)
    said = upses.variables("ups-b", 10_000)
    assert (said["ups.status"], said["battery.charge"], said["ups.load"]) == (status, charge, "25.0")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (b'{"ups-c": {}}', "there is no UPS ups-c"),
        (b'{"ups-b": {"battery": true}}', "Extra inputs"),
        (b'{"ups-b": {"runtime_s": -1}}', "greater than 0"),
    ],
)
async def test_what_cannot_be_changes_nothing(upses: Upses, change: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        upses.change(change, Paths().feed)
    assert upses.variables("ups-b", 0)["ups.status"] == "OL"


def talk(upses: Upses) -> Conversation:
    return Conversation(("ups-1-a", "ups-2-a"), lambda name: upses.variables(name, 0), ACCOUNT)


async def test_it_tells_of_its_own_upses(upses: Upses) -> None:
    said = talk(upses).answer
    assert said("LIST UPS")[1:-1] == ['UPS ups-1-a "ups-1-a"', 'UPS ups-2-a "ups-2-a"']
    assert said("GET VAR ups-1-a ups.status") == ['VAR ups-1-a ups.status "OL"']
    assert 'VAR ups-1-a battery.runtime "900"' in said("LIST VAR ups-1-a")
    assert said("LIST VAR ups-b") == ["ERR UNKNOWN-UPS"]
    assert said("GET VAR ups-1-a ups.colour") == ["ERR VAR-NOT-SUPPORTED"]
    upses.change(b'{"ups-1-a": {"unobserved": true}}', Paths().feed)
    assert said("LIST VAR ups-1-a") == said("GET VAR ups-1-a ups.status") == ["ERR DATA-STALE"]
    assert said("GET VAR ups-2-a ups.status") == ['VAR ups-2-a ups.status "OL"']


@pytest.mark.parametrize(
    ("line", "answer"),
    [("LOGIN ups-1-a", "ERR ACCESS-DENIED"), ("LOGIN ups-b", "ERR UNKNOWN-UPS"), ('USERNAME "', "ERR INVALID-ARGUMENT")]
    + [(line, "ERR UNKNOWN-COMMAND") for line in ("", "LOGIN", "SET VAR ups-1-a ups.id x", "INSTCMD ups-1-a load.off")],
)
def test_it_does_nothing_for_strangers(upses: Upses, line: str, answer: str) -> None:
    assert talk(upses).answer(line) == [answer]


def test_who_knows_the_password_is_a_secondary_and_no_more(upses: Upses) -> None:
    said = talk(upses).answer
    assert said("USERNAME karst") == ["OK"]
    assert said('PASSWORD "wrong"') == ["OK"]
    assert said("LOGIN ups-1-a") == ["ERR ACCESS-DENIED"]
    assert said('PASSWORD "it\'s a \\"word\\""') == ["OK"]
    assert said("LOGIN ups-1-a") == ["OK"]
    assert said("PRIMARY ups-1-a") == said("FSD ups-1-a") == ["ERR ACCESS-DENIED"]
