"""What the twin keeps when it is killed: whatever it had answered for, and what was under way."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from twin_parts import BIOS, attributes, settings
from twin_support import SHORT, Bmc, Twin, served_certificate, until
from twin_trust import Notary

pytestmark = pytest.mark.slow

ACCOUNTS = "/redfish/v1/AccountService/Accounts"


def again(twin: Twin) -> None:
    """The twin dies by SIGKILL and is started anew."""
    twin.kill()
    twin.start()


@pytest.fixture
def name(shape: str) -> str:
    return f"h1-r1-01-{SHORT[shape]}"


@pytest.fixture
def bmc(own_twin: Twin, name: str) -> Bmc:
    return own_twin.bmc(name)


def test_everything_that_was_answered_for(own_twin: Twin, name: str, bmc: Bmc, shape: str, notary: Notary) -> None:
    attribute, word, before = BIOS[shape]
    bmc.reset_until("On", "On")
    boot = {"BootSourceOverrideEnabled": "Continuous", "BootSourceOverrideTarget": "Hdd"}
    assert bmc.patch(bmc.system, {"AssetTag": "G-17", "Boot": boot}).status in (200, 204)
    assert bmc.patch(settings(bmc), {"Attributes": {attribute: word}}).status in (200, 204)
    account = {"UserName": "keeper", "Password": "Keeper-Word-1", "RoleId": "Operator"}
    assert bmc.post(ACCOUNTS, account).status in (200, 201)
    trusted = notary.enrol(own_twin, name)
    pdu = own_twin.bmc("h1-r1-01-pdu-a")
    outlet = pdu.link("PowerEquipment", "RackPDUs", "0", "Outlets", "23")
    target = pdu.get(outlet)["Actions"]["#Outlet.PowerControl"]["target"]
    assert pdu.post(target, {"PowerState": "Off"}).status in (200, 204)
    own_twin.control.set_faults([{"device": "nobody", "status": 503}])
    own_twin.control.change_cabling({"cords": {name: {"PSU2": None}}})
    seen = served_certificate(bmc.address, bmc.port)
    again(own_twin)
    assert served_certificate(bmc.address, bmc.port) == seen
    after = trusted.bmc
    after.auth = ("keeper", "Keeper-Word-1")
    found = after.get(after.system)
    assert (found["AssetTag"], found["PowerState"]) == ("G-17", "On")
    assert {key: found["Boot"][key] for key in boot} == boot
    assert (attributes(after)[attribute], after.get(settings(after))["Attributes"][attribute]) == (before, word)
    assert own_twin.bmc("h1-r1-01-pdu-a").get(outlet)["PowerState"] == "Off"
    assert own_twin.control.faults() == [{"device": "nobody", "status": 503}]
    assert "PSU2" not in own_twin.control.cabling()["cords"][name]
    assert own_twin.device(name)["power_ons"] == 1


def test_what_was_under_way_is_done_once(own_twin: Twin, name: str, bmc: Bmc) -> None:
    """A power-on that was asked for, on Leigong a task that was accepted, is completed after the crash."""
    answer = bmc.ask("POST", bmc.get(bmc.system)["Actions"]["#ComputerSystem.Reset"]["target"], {"ResetType": "On"})
    assert answer.status in (200, 202, 204)
    bmc.close()
    again(own_twin)
    until(lambda: bmc.power() == "On")
    assert own_twin.device(name)["power_ons"] == 1
    if answer.status == 202:
        assert bmc.get(answer.body["@odata.id"])["TaskState"] == "Completed"


def test_sessions_end_with_the_controller(own_twin: Twin, bmc: Bmc, name: str) -> None:
    body = {"UserName": bmc.auth[0], "Password": bmc.auth[1]} if bmc.auth else {}
    token = bmc.ask("POST", "/redfish/v1/SessionService/Sessions", body).headers["X-Auth-Token"]
    again(own_twin)
    stale = own_twin.bmc(name, auth=None, token=token)
    assert stale.ask("GET", "/redfish/v1/Systems").status == 401


def test_killed_while_it_writes(own_twin: Twin) -> None:
    """At three points of a stream of changes: the last that was answered for is there, and nothing is half."""
    name = f"h1-r1-01-{SHORT['fanjing']}"
    system, written = own_twin.bmc(name).system, 0
    for after in (1, 7, 30):
        acknowledged = threading.Event()
        last: dict[str, Any] = {"tag": written}

        def write(last: dict[str, Any] = last, after: int = after, done: threading.Event = acknowledged) -> None:
            writer, first = own_twin.bmc(name), last["tag"]
            try:
                while writer.ask("PATCH", system, {"AssetTag": f"tag-{last['tag'] + 1}"}).status == 200:
                    last["tag"] += 1
                    if last["tag"] - first >= after:
                        done.set()
            except OSError:
                return  # the twin was killed
            finally:
                writer.close()

        thread = threading.Thread(target=write)
        thread.start()
        assert acknowledged.wait(20)
        again(own_twin)
        thread.join(20)
        assert not thread.is_alive()
        written = int(own_twin.bmc(name).get(system)["AssetTag"].removeprefix("tag-"))
        # One more may have been kept whose answer the kill took away.
        assert written in (last["tag"], last["tag"] + 1)
