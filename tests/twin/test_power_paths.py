"""What hangs where, as built: outlets, cords and feeds that are cut really cut power, and the meters say how much."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twin_support import REPOSITORY, SHORT, Bmc, Twin, answers, new_twin, until

from karst.twin.home import TwinError

OUTLETS = ("PowerEquipment", "RackPDUs", "0", "Outlets")


def cords(twin: Twin, server: str) -> dict[str, tuple[str, str]]:
    """Power port -> PDU and outlet, as built."""
    return {port: (end[0], end[1]) for port, end in twin.control.cabling()["cords"][server].items()}


def outlet(twin: Twin, end: tuple[str, str]) -> dict[str, Any]:
    pdu = twin.bmc(end[0])
    return pdu.get(f"{pdu.link(*OUTLETS)}/{end[1]}")


def switch(twin: Twin, end: tuple[str, str], state: str) -> None:
    pdu = twin.bmc(end[0])
    target = outlet(twin, end)["Actions"]["#Outlet.PowerControl"]["target"]
    assert pdu.post(target, {"PowerState": state}).status in (200, 204)


def supplies(bmc: Bmc) -> dict[str, tuple[float, str]]:
    """W and health of each PSU, read in the older way, which every shape has."""
    found = bmc.get(bmc.link("Chassis", "0", "Power"))["PowerSupplies"]
    return {each["Name"].split()[-1]: (each["PowerInputWatts"], each["Status"]["Health"]) for each in found}


def free_outlet(twin: Twin, pdu: str) -> str:
    taken = {end[1] for ends in twin.control.cabling()["cords"].values() for end in ends.values() if end[0] == pdu}
    # From the top: further down lie the planned outlets of others, which may be off.
    return next(str(index) for index in range(24, 0, -1) if str(index) not in taken)


def test_an_outlet_cuts_the_supply_that_hangs_there_and_both_the_server(twin: Twin, name: str, bmc: Bmc) -> None:
    bmc.reset_until("On", "On")
    watts = twin.device(name)["watts"]
    (first, first_end), (second, second_end) = cords(twin, name).items()
    assert supplies(bmc) == {port: (pytest.approx(watts / 2, abs=0.1), "OK") for port in (first, second)}
    switch(twin, first_end, "Off")
    assert supplies(bmc) == {first: (0.0, "Critical"), second: (pytest.approx(watts, abs=0.1), "OK")}
    assert bmc.power() == "On"
    assert bmc.get(bmc.system)["Status"]["HealthRollup"] == "Warning"
    assert outlet(twin, first_end)["PowerWatts"]["Reading"] == 0.0
    assert outlet(twin, second_end)["PowerWatts"]["Reading"] == pytest.approx(watts, abs=0.1)
    switch(twin, second_end, "Off")
    bmc.close()
    assert not answers(bmc.address, bmc.port)
    dark = twin.device(name)
    assert (dark["dark"], dark["power"], dark["watts"]) == (True, "Off", 0.0)
    switch(twin, first_end, "On")
    until(lambda: answers(bmc.address, bmc.port))
    until(lambda: bmc.power() == "On")  # it was on when power was lost
    assert supplies(bmc)[first][1] == "OK"
    assert supplies(bmc)[second] == (0.0, "Critical")


def test_newer_power_supplies_say_the_same(twin: Twin, shape: str, name: str, bmc: Bmc) -> None:
    if shape == "wumeng":
        assert "PowerSubsystem" not in bmc.get(bmc.link("Chassis", "0"))
        return
    bmc.reset_until("On", "On")
    port, end = next(iter(cords(twin, name).items()))
    switch(twin, end, "Off")
    subsystem = bmc.get(bmc.link("Chassis", "0", "PowerSubsystem"))
    members = bmc.get(subsystem["PowerSupplies"]["@odata.id"])["Members"]
    found = {each["Id"]: each for each in (bmc.get(member["@odata.id"]) for member in members)}
    assert {key: each["LineInputStatus"] for key, each in found.items()}[port] == "LossOfInput"
    metrics = {key: bmc.get(each["Metrics"]["@odata.id"]) for key, each in found.items()}
    total = sum(each["InputPowerWatts"]["Reading"] for each in metrics.values())
    assert total == pytest.approx(twin.device(name)["watts"], abs=0.2)
    assert metrics[port]["InputVoltage"]["Reading"] == 0.0
    assert subsystem["PowerSupplyRedundancy"][0]["Status"]["Health"] == "Warning"


def test_restore_policy(twin: Twin, name: str, bmc: Bmc) -> None:
    """A server that was on stays off after a cut, if it was told to."""
    bmc.reset_until("On", "On")
    assert bmc.patch(bmc.system, {"PowerRestorePolicy": "AlwaysOff"}).status in (200, 204)
    ends = list(cords(twin, name).values())
    for end in ends:
        switch(twin, end, "Off")
    bmc.close()
    for end in ends:
        switch(twin, end, "On")
    until(lambda: answers(bmc.address, bmc.port))
    assert bmc.power() == "Off"
    assert twin.device(name)["power_ons"] == 1


def test_power_cycle_of_an_outlet_comes_back_by_itself(twin: Twin, name: str) -> None:
    end = next(iter(cords(twin, name).values()))
    switch(twin, end, "PowerCycle")
    assert outlet(twin, end)["PowerState"] == "Off"
    until(lambda: outlet(twin, end)["PowerState"] == "On")


def test_a_cord_in_another_outlet_than_planned(twin: Twin, name: str, bmc: Bmc) -> None:
    bmc.reset_until("On", "On")
    (port, planned), (other, other_end) = cords(twin, name).items()
    built = (planned[0], free_outlet(twin, planned[0]))
    twin.control.change_cabling({"cords": {name: {port: list(built)}}})
    assert cords(twin, name) == {port: built, other: other_end}
    assert outlet(twin, planned)["PowerWatts"]["Reading"] == 0.0
    assert outlet(twin, built)["PowerWatts"]["Reading"] > 0.0
    switch(twin, planned, "Off")
    assert supplies(bmc)[port][1] == "OK"
    switch(twin, built, "Off")
    assert supplies(bmc)[port] == (0.0, "Critical")
    twin.control.change_cabling({"cords": {name: {other: None}}})
    assert twin.device(name)["dark"]


def test_rack_pdu_adds_up(twin: Twin) -> None:
    pdu = twin.bmc(twin.fresh("qianling"))
    pdu_name = next(name for name, address in twin.addresses.items() if address == pdu.address)
    servers = [
        server
        for server, ends in twin.control.cabling()["cords"].items()
        if any(end[0] == pdu_name for end in ends.values())
    ]
    assert len(servers) == 4
    first = twin.bmc(servers[0])
    if first.power() == "Off":
        first.reset_until("On", "On")
    root = pdu.link("PowerEquipment", "RackPDUs", "0")
    members = pdu.get(pdu.link(*OUTLETS))["Members"]
    outlets = [pdu.get(member["@odata.id"]) for member in members]
    total = sum(each["PowerWatts"]["Reading"] for each in outlets)
    assert total > 100
    assert pdu.get(f"{root}/Metrics")["PowerWatts"]["Reading"] == pytest.approx(total, abs=1)
    branches = [pdu.get(f"{root}/Branches/B{index}") for index in range(1, 7)]
    assert sum(each["PowerWatts"]["Reading"] for each in branches) == pytest.approx(total, abs=1)
    mains = pdu.get(f"{root}/Mains/AC1")
    assert sum(line["Reading"] for line in mains["PolyPhaseCurrentAmps"].values()) * 230 == pytest.approx(total, abs=5)
    assert twin.device(pdu_name)["watts"] == pytest.approx(total, abs=1)
    energy = pdu.get(f"{root}/Metrics")["EnergykWh"]["Reading"]
    until(lambda: pdu.get(f"{root}/Metrics")["EnergykWh"]["Reading"] > energy)


def test_two_controllers_swapped(twin: Twin) -> None:
    left, right = twin.fresh("fanjing"), twin.fresh("fanjing")
    addresses = twin.control.cabling()["addresses"]
    serial = twin.bmc(left).get(twin.bmc(left).system)["SerialNumber"]
    twin.control.change_cabling({"addresses": {left: addresses[right], right: addresses[left]}})
    moved = Bmc(addresses[right], twin.port, twin.bmc(left).certificate)
    assert moved.get(moved.system)["SerialNumber"] == serial
    twin.control.change_cabling({"addresses": {left: addresses[left], right: addresses[right]}})


WRONG = {
    "outlet": ({"cords": {"LEFT": {"PSU1": ["STRIP", "25"]}}}, "there is no outlet 25 at STRIP"),
    "taken outlet": ({"cords": {"LEFT": {"PSU1": ["STRIP", "TAKEN"]}}}, "outlet STRIP TAKEN would be used twice"),
    "PDU": ({"cords": {"LEFT": {"PSU1": ["nowhere", "1"]}}}, "there is no rack PDU nowhere"),
    "port": ({"cords": {"LEFT": {"PSU3": None}}}, 'no power port PSU3 at LEFT; did you mean "PSU'),
    "server": ({"cords": {"LEFTT": {"PSU1": None}}}, 'there is no server LEFTT; did you mean "LEFT"'),
    "end": ({"cords": {"LEFT": {"PSU1": ["STRIP"]}}}, "cords.LEFT.PSU1.1: Field required"),
    "key": ({"cord": {}}, "cord: Extra inputs are not permitted"),
    "taken address": ({"addresses": {"LEFT": "ADDRESS"}}, "address ADDRESS would be used twice"),
    "no address": ({"addresses": {"LEFT": "127.64.0"}}, "addresses.LEFT: Input is not a valid IPv4 address"),
    "other address": ({"addresses": {"LEFT": "10.64.0.1"}}, "addresses in 127.0.0.0/8 only"),
}


@pytest.mark.parametrize("kind", list(WRONG))
def test_cabling_that_cannot_be_is_refused_and_changes_nothing(twin: Twin, kind: str) -> None:
    left, right = "h1-r1-01-s01", "h1-r1-01-s03"
    before = twin.control.cabling()
    pdu, taken = before["cords"][right]["PSU1"]
    names = {"LEFT": left, "STRIP": pdu, "TAKEN": taken, "ADDRESS": before["addresses"][right]}
    change, said = (json.dumps(each) for each in WRONG[kind])
    for word, name in names.items():
        change, said = change.replace(word, name), said.replace(word, name)
    with pytest.raises(TwinError) as refused:
        twin.control.change_cabling(json.loads(change))
    assert json.loads(said) in str(refused.value)
    assert twin.control.cabling() == before


@pytest.fixture
def weak_twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin whose branch circuits bear 0.6 A: enough for half of this Fanjing's 188 W, too little for the whole."""
    hardware = tmp_path / "hardware"
    shutil.copytree(REPOSITORY / "hardware", hardware)
    spec = hardware / "spec" / "qianling-pdu32.yml"
    spec.write_text(spec.read_text().replace("rating_a: 16", "rating_a: 0.6"))
    twin = new_twin(tmp_path, REPOSITORY / "sites" / "lab")
    twin.hardware = hardware
    twin.start()
    yield twin
    twin.stop()


@pytest.mark.slow
def test_the_other_path_trips_if_it_cannot_carry_all(weak_twin: Twin) -> None:
    """Two cords are not 2N if B cannot carry A's load."""
    name = f"h1-r1-01-{SHORT['fanjing']}"
    bmc = weak_twin.bmc(name)
    bmc.reset_until("On", "On")
    first, second = cords(weak_twin, name).values()
    switch(weak_twin, first, "Off")
    assert weak_twin.device(second[0])["breakers_open"] == ["B1"]
    assert weak_twin.device(name)["dark"]
    pdu = weak_twin.bmc(second[0])
    branch = pdu.get(f"{pdu.link('PowerEquipment', 'RackPDUs', '0', 'Branches')}/B1")
    assert (branch["BreakerState"], branch["Status"]["Health"]) == ("Tripped", "Critical")
    switch(weak_twin, first, "On")
    # Its first path is back and carries all, so that one trips too as the server starts.
    until(lambda: weak_twin.device(first[0])["breakers_open"] == ["B1"])


@pytest.mark.slow
def test_a_feed_dies_and_comes_back(own_twin: Twin) -> None:
    server, pdu = f"h1-r1-02-{SHORT['leigong']}", "h1-r1-02-pdu-a"
    bmc = own_twin.bmc(server)
    bmc.reset_until("On", "On")
    own_twin.control.feed("A", alive=False)
    assert own_twin.device(pdu)["dark"]
    assert not answers(own_twin.addresses[pdu], own_twin.port)
    assert sorted(supplies(bmc).values()) == [
        (0.0, "Critical"),
        (pytest.approx(own_twin.device(server)["watts"]), "OK"),
    ]
    own_twin.control.feed("h1-r1-02-pdu-b", alive=False)
    assert own_twin.device(server)["dark"]
    assert not own_twin.device(f"h1-r1-03-{SHORT['leigong']}")["dark"], "another rack's B lives"
    own_twin.control.feed("A", alive=True)
    until(lambda: own_twin.device(server)["power"] == "On")
    with pytest.raises(TwinError, match="no path or rack PDU C"):
        own_twin.control.feed("C", alive=False)
