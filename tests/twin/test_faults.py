"""Latency and faults as data: each kind of rule, how often it strikes, and what it leaves alone."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from twin_support import Bmc, Twin, until

from karst.twin.home import TwinError

SYSTEMS = "/redfish/v1/Systems"
BROKEN = (ConnectionError, http.client.HTTPException)
Rules = Callable[..., None]


@pytest.fixture
def rules(twin: Twin) -> Iterator[Rules]:
    """Put rules in force for the length of a test."""

    def set_rules(*found: dict[str, Any]) -> None:
        twin.control.set_faults(list(found))

    yield set_rules
    twin.control.set_faults([])


@pytest.fixture
def bmc(twin: Twin) -> Iterator[Bmc]:
    """Faults come before the shape, so one shape will do."""
    made = twin.bmc(twin.fresh("wumeng"))
    yield made
    made.close()


@pytest.fixture
def name(twin: Twin, bmc: Bmc) -> str:
    return next(name for name, address in twin.addresses.items() if address == bmc.address)


def statuses(bmc: Bmc, count: int, path: str = SYSTEMS) -> list[int]:
    return [bmc.ask("GET", path).status for _ in range(count)]


def test_status_by_device_path_and_method(twin: Twin, bmc: Bmc, name: str, rules: Rules) -> None:
    other = twin.bmc(twin.fresh("wumeng"))
    system = bmc.system
    rules({"device": name[:-1] + "?", "path": "*/Systems/*", "method": "P*", "status": 503})
    answer = bmc.ask("PATCH", system, {"AssetTag": "kept out"})
    assert (answer.status, answer.messages) == (503, ["ServiceTemporarilyUnavailable"])
    assert bmc.get(system)["AssetTag"] == ""
    assert bmc.ask("PATCH", bmc.link("Chassis", "0"), {"AssetTag": "let in"}).status in (200, 204)
    assert other.ask("PATCH", other.system, {"AssetTag": "let in"}).status in (200, 204)
    rules()
    assert bmc.ask("PATCH", system, {"AssetTag": "let in"}).status in (200, 204)


def test_delay(bmc: Bmc, name: str, rules: Rules) -> None:
    rules({"device": name, "delay_s": 0.4})
    began = time.monotonic()
    assert statuses(bmc, 1) == [200]
    assert time.monotonic() - began >= 0.4


def test_body_is_merged(bmc: Bmc, name: str, rules: Rules) -> None:
    system = bmc.system
    rules(
        {"device": name, "path": system.rstrip("/"), "body": {"Status": {"Health": "Critical"}, "SerialNumber": None}}
    )
    found = bmc.get(system)
    assert found["Status"]["Health"] == "Critical"
    assert found["Status"]["State"] == "StandbyOffline"
    assert "SerialNumber" not in found
    assert bmc.get(bmc.link("Chassis", "0"))["Status"]["Health"] == "OK"


def test_how_often(twin: Twin, bmc: Bmc, name: str, rules: Rules) -> None:
    rules({"device": name, "status": 500, "after": 2, "times": 3})
    assert statuses(bmc, 7) == [200, 200, 500, 500, 500, 200, 200]
    other = twin.fresh("wumeng")
    pair = [bmc, twin.bmc(other)]
    each = {"status": 500, "times": 1}
    rules({"device": name, **each}, {"device": other, **each})
    assert [statuses(found, 2) for found in pair] == [[500, 200], [500, 200]]
    rules({"device": "*-s04", "path": SYSTEMS, "per_device": False, **each})
    assert [statuses(found, 2) for found in pair] == [[500, 200], [200, 200]]


def test_probability_is_drawn_alike_each_time(bmc: Bmc, name: str, rules: Rules) -> None:
    def draw(seed: int) -> list[int]:
        rules({"device": name, "status": 503, "probability": 0.3, "seed": seed})
        return statuses(bmc, 40)

    first = draw(1)
    assert draw(1) == first
    assert draw(2) != first
    assert 4 <= first.count(503) <= 20


def test_connection_is_reset(bmc: Bmc, name: str, rules: Rules) -> None:
    system = bmc.system
    rules({"device": name, "method": "PATCH", "reset": True, "times": 1})
    with pytest.raises(BROKEN):
        bmc.ask("PATCH", system, {"AssetTag": "lost on the way"})
    assert bmc.get(system)["AssetTag"] == ""


def test_answer_is_lost_though_the_change_is_made(bmc: Bmc, name: str, rules: Rules) -> None:
    system = bmc.system
    rules({"device": name, "method": "PATCH", "lost": True, "times": 1})
    with pytest.raises(BROKEN):
        bmc.ask("PATCH", system, {"AssetTag": "arrived"})
    assert bmc.get(system)["AssetTag"] == "arrived"


def test_hang_ends_with_the_client(bmc: Bmc, name: str, rules: Rules) -> None:
    rules({"device": name, "path": SYSTEMS, "hang": True})
    assert bmc.ask("GET", "/redfish/v1/").status == 200
    assert bmc.connection is not None
    bmc.connection.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        bmc.ask("GET", SYSTEMS)
    assert bmc.ask("GET", "/redfish/v1/").status == 200, "the BMC goes on for others"
    rules()
    until(lambda: statuses(bmc, 1) == [200])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"status": 200}, "0.status: Input should be greater than or equal to 400"),
        ({"colour": "red"}, "0.colour: Extra inputs are not permitted"),
        ({"probability": 2}, "0.probability: Input should be less than or equal to 1"),
    ],
)
def test_wrong_rules_are_refused_and_change_nothing(
    twin: Twin, name: str, rules: Rules, rule: dict[str, Any], said: str
) -> None:
    rules({"device": name, "status": 503})
    with pytest.raises(TwinError, match=said):
        rules(rule)
    assert twin.control.faults() == [{"device": name, "status": 503}]
