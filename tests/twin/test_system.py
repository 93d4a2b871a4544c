"""A server's power, boot override and BIOS settings, on every shape."""

from __future__ import annotations

import pytest
from twin_parts import BIOS, allowed_resets, attributes, settings
from twin_support import Bmc, Twin, until


def test_power_takes_its_time(bmc: Bmc) -> None:
    assert bmc.power() == "Off"
    assert bmc.reset("On").status in (200, 204)
    assert bmc.power() == "PoweringOn"
    until(lambda: bmc.power() == "On")
    assert bmc.get(bmc.system)["BootProgress"]["LastState"] == "OSRunning"
    assert bmc.reset("GracefulShutdown").status in (200, 204)
    assert bmc.power() == "PoweringOff"
    until(lambda: bmc.power() == "Off")
    bmc.reset_until("On", "On")
    bmc.reset_until("ForceOff", "Off")


def test_power_on_twice_is_one_power_on(bmc: Bmc, twin: Twin, name: str) -> None:
    bmc.reset_until("On", "On")
    assert bmc.reset("On").status in (200, 204)
    assert bmc.power() == "On"
    assert (twin.device(name)["power_ons"], twin.device(name)["resets"]) == (1, 0)


def test_restart_is_counted(bmc: Bmc, twin: Twin, name: str) -> None:
    assert bmc.reset("ForceRestart").messages == ["ResourceInStandby"]
    bmc.reset_until("On", "On")
    assert bmc.reset("ForceRestart").status in (200, 204)
    until(lambda: bmc.get(bmc.system)["BootProgress"]["LastState"] != "OSRunning")
    until(lambda: bmc.get(bmc.system)["BootProgress"]["LastState"] == "OSRunning")
    assert twin.device(name)["resets"] == 1


def test_only_offered_resets_are_accepted(bmc: Bmc) -> None:
    offered = allowed_resets(bmc)
    assert {"On", "ForceOff", "GracefulShutdown", "ForceRestart"} <= set(offered)
    for kind in {"PowerCycle", "PushPowerButton", "ForceOn"} - set(offered):
        assert bmc.reset(kind).messages == ["ActionParameterValueNotInList"]


def test_power_cycle_where_offered(twin: Twin) -> None:
    bmc = twin.bmc(twin.fresh("fanjing"))
    bmc.reset_until("On", "On")
    assert bmc.reset("PowerCycle").status == 204
    until(lambda: bmc.power() == "PoweringOn")
    until(lambda: bmc.power() == "On")


def test_boot_once_is_used_up_by_the_next_start(bmc: Bmc) -> None:
    system = bmc.system
    once = {"Boot": {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Pxe"}}
    assert bmc.patch(system, once).status in (200, 204)
    boot = bmc.get(system)["Boot"]
    assert (boot["BootSourceOverrideEnabled"], boot["BootSourceOverrideTarget"]) == ("Once", "Pxe")
    bmc.reset_until("On", "On")
    boot = bmc.get(system)["Boot"]
    assert (boot["BootSourceOverrideEnabled"], boot["BootSourceOverrideTarget"]) == ("Disabled", "None")


def test_boot_continuous_stays(bmc: Bmc) -> None:
    system = bmc.system
    uri = "http://127.0.0.1/boot.efi"
    boot = {"BootSourceOverrideEnabled": "Continuous", "BootSourceOverrideTarget": "UefiHttp", "HttpBootUri": uri}
    assert bmc.patch(system, {"Boot": boot}).status in (200, 204)
    bmc.reset_until("On", "On")
    assert {key: bmc.get(system)["Boot"][key] for key in boot} == boot


def test_bios_waits_for_the_next_start(bmc: Bmc, shape: str) -> None:
    name, word, before = BIOS[shape]
    assert attributes(bmc)[name] == before
    assert bmc.patch(settings(bmc), {"Attributes": {name: word}}).status in (200, 204)
    assert bmc.get(settings(bmc))["Attributes"][name] == word
    assert attributes(bmc)[name] == before
    bmc.reset_until("On", "On")
    assert attributes(bmc)[name] == word
    assert bmc.patch(settings(bmc), {"Attributes": {name: before}}).status in (200, 204)
    assert attributes(bmc)[name] == word
    assert bmc.reset("ForceRestart").status in (200, 204)
    until(lambda: attributes(bmc)[name] == before)


def test_bios_refuses_what_it_does_not_know(bmc: Bmc, shape: str) -> None:
    name, _, before = BIOS[shape]
    answer = bmc.patch(settings(bmc), {"Attributes": {name: "Ludicrous", "Nonsense": 1}})
    assert sorted(answer.messages) == ["PropertyUnknown", "PropertyValueNotInList"]
    bios = bmc.link("Systems", "0", "Bios")
    refused = bmc.ask("PATCH", bios, {"Attributes": {name: before}}, {"If-Match": "*"})
    assert refused.status == 405


def test_bios_resets_to_defaults(bmc: Bmc, shape: str) -> None:
    name, word, before = BIOS[shape]
    assert bmc.patch(settings(bmc), {"Attributes": {name: word}}).status in (200, 204)
    bmc.reset_until("On", "On")
    target = bmc.get(bmc.link("Systems", "0", "Bios"))["Actions"]["#Bios.ResetBios"]["target"]
    assert bmc.post(target, {}).status in (200, 204)
    assert attributes(bmc)[name] == word
    assert bmc.reset("ForceRestart").status in (200, 204)
    until(lambda: attributes(bmc)[name] == before)


def test_bios_registry_lists_every_attribute(bmc: Bmc, shape: str) -> None:
    bios = bmc.get(bmc.link("Systems", "0", "Bios"))
    file = bmc.get(bmc.link("Registries", "0"))
    registry = bmc.get(file["Location"][0]["Uri"])
    listed = {each["AttributeName"]: each for each in registry["RegistryEntries"]["Attributes"]}
    assert set(listed) == set(bios["Attributes"])
    assert BIOS[shape][1] in [value["ValueName"] for value in listed[BIOS[shape][0]]["Value"]]


def test_tasks_where_the_shape_has_them(bmc: Bmc, shape: str) -> None:
    target = bmc.get(bmc.system)["Actions"]["#ComputerSystem.Reset"]["target"]
    answer = bmc.ask("POST", target, {"ResetType": "On"})
    if shape != "leigong":
        assert answer.status in (200, 204)
        return
    assert answer.status == 202
    assert answer.headers["Retry-After"] == "1"
    assert answer.body["TaskState"] == "Running"
    assert bmc.power() == "Off"
    done = bmc.settled(answer)
    assert (done.status, done.messages) == (200, ["Success"]), (
        "the monitor answers in the end as the request would have"
    )
    task = bmc.get(answer.body["@odata.id"])
    assert (task["TaskState"], task["TaskStatus"], task["PercentComplete"]) == ("Completed", "OK", 100)


def test_a_monitor_ends_with_what_was_made_or_changed(twin: Twin) -> None:
    bmc = twin.bmc(twin.fresh("leigong"))
    body = {"UserName": "karst", "Password": "Some-Word-1", "RoleId": "Operator"}
    made = bmc.post("/redfish/v1/AccountService/Accounts", body)
    assert (made.status, made.body["UserName"]) == (201, "karst")
    assert made.headers["Location"] == made.body["@odata.id"]
    changed = bmc.patch(made.headers["Location"], {"RoleId": "ReadOnly"})
    assert (changed.status, changed.body["RoleId"]) == (200, "ReadOnly")
    assert changed.headers["ETag"] == bmc.get(made.headers["Location"])["@odata.etag"]


def test_a_task_that_fails_says_why(twin: Twin) -> None:
    bmc = twin.bmc(twin.fresh("leigong"))
    body = {"UserName": "karst", "Password": "Some-Word-1", "RoleId": "Operator"}
    accounts = "/redfish/v1/AccountService/Accounts"
    first, second = bmc.post(accounts, body, settle=False), bmc.post(accounts, body, settle=False)
    assert (first.status, second.status) == (202, 202)
    assert bmc.settled(first).status == 201
    failed = bmc.settled(second)
    assert failed.messages == ["ResourceAlreadyExists"]
    task = bmc.get(second.body["@odata.id"])
    assert (task["TaskState"], task["TaskStatus"]) == ("Exception", "Critical")


@pytest.mark.parametrize("part", ["Processors", "Memory", "EthernetInterfaces", "Storage"])
def test_components_are_counted_as_in_the_spec(bmc: Bmc, shape: str, part: str) -> None:
    counts = {
        "fanjing": {"Processors": 2, "Memory": 16, "EthernetInterfaces": 2, "Storage": 2},
        "leigong": {"Processors": 2, "Memory": 24, "EthernetInterfaces": 2, "Storage": 12},
        "wumeng": {"Processors": 1, "Memory": 8, "EthernetInterfaces": 2, "Storage": 2},
    }
    body = bmc.get(bmc.link("Systems", "0", part))
    if part == "Storage":
        body = {"Members": bmc.get(body["Members"][0]["@odata.id"])["Drives"]}
    assert len(body["Members"]) == counts[shape][part]
