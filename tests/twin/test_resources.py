"""What holds for every resource: the tree hangs together, ETags, errors, no lost updates."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from twin_support import SHORT, Bmc, Twin


def links(body: Any) -> list[str]:
    if isinstance(body, list):
        return [link for each in body for link in links(each)]
    if not isinstance(body, dict):
        return []
    own = [body["@odata.id"]] if isinstance(body.get("@odata.id"), str) else []
    return own + [link for value in body.values() for link in links(value)]


@pytest.mark.parametrize("kind", list(SHORT))
def test_every_link_leads_somewhere_and_every_id_is_its_own(twin: Twin, kind: str) -> None:
    bmc = twin.bmc(twin.fresh(kind))
    seen: set[str] = set()
    queue = ["/redfish/v1/"]
    while queue:
        path = queue.pop().split("#")[0]
        if path in seen:
            continue
        seen.add(path)
        answer = bmc.ask("GET", path)
        assert answer.status == 200, path
        assert answer.body["@odata.id"] == path
        assert answer.headers["ETag"] == answer.body["@odata.etag"]
        assert path.endswith("/") == (kind == "wumeng" or path == "/redfish/v1/")
        queue += links(answer.body)
    assert len(seen) > 40


def test_shapes_differ(twin: Twin) -> None:
    bmcs = {kind: twin.bmc(twin.fresh(kind)) for kind in ("fanjing", "leigong", "wumeng")}
    assert len({bmc.system for bmc in bmcs.values()}) == 3
    attributes = {tuple(bmc.get(bmc.link("Systems", "0", "Bios"))["Attributes"]) for bmc in bmcs.values()}
    assert len(attributes) == 3
    chassis = {kind: bmc.get(bmc.link("Chassis", "0")) for kind, bmc in bmcs.items()}
    assert "PowerSubsystem" not in chassis["wumeng"]
    assert "PowerSubsystem" in chassis["fanjing"]
    assert all("Power" in body and "Thermal" in body for body in chassis.values())


def test_etag_holds_and_breaks(bmc: Bmc) -> None:
    system = bmc.system
    before = bmc.get(system)["@odata.etag"]
    assert bmc.ask("GET", system, headers={"If-None-Match": before}).status == 304
    assert bmc.ask("PATCH", system, {"AssetTag": "one"}, {"If-Match": before}).status in (200, 204)
    stale = bmc.ask("PATCH", system, {"AssetTag": "two"}, {"If-Match": before})
    assert stale.status == 412
    assert stale.messages == ["PreconditionFailed"]
    assert bmc.get(system)["AssetTag"] == "one"
    assert bmc.get(system)["@odata.etag"] != before
    assert bmc.ask("PATCH", system, {"AssetTag": "two"}, {"If-Match": "*"}).status in (200, 204)


def test_patch_without_if_match(bmc: Bmc, shape: str) -> None:
    answer = bmc.ask("PATCH", bmc.system, {"AssetTag": "one"})
    if shape == "leigong":
        assert answer.status == 428
        assert answer.messages == ["PreconditionRequired"]
        assert bmc.get(bmc.system)["AssetTag"] == ""
    else:
        assert answer.status in (200, 204)


def test_bad_patches_change_nothing_and_name_every_fault(bmc: Bmc) -> None:
    system = bmc.system
    body = {
        "AssetTag": "kept out",
        "Colour": "red",
        "SerialNumber": "mine",
        "PowerRestorePolicy": "Sometimes",
        "LocationIndicatorActive": "yes",
        "Boot": {"BootSourceOverrideTarget": "Floppy"},
    }
    answer = bmc.patch(system, body)
    assert answer.status == 400
    assert sorted(answer.messages) == [
        "PropertyNotWritable",
        "PropertyUnknown",
        "PropertyValueNotInList",
        "PropertyValueNotInList",
        "PropertyValueTypeError",
    ]
    related = {each["RelatedProperties"][0] for each in answer.body["error"]["@Message.ExtendedInfo"]}
    assert "#/Boot/BootSourceOverrideTarget" in related
    assert bmc.get(system)["AssetTag"] == ""


def test_errors(bmc: Bmc) -> None:
    system = bmc.system
    assert bmc.ask("GET", system.rstrip("/") + "/Nothing").messages == ["ResourceMissingAtURI"]
    refused = bmc.ask("DELETE", system)
    assert refused.status == 405
    assert "PATCH" in refused.headers["Allow"]
    tag = {"If-Match": bmc.get(system)["@odata.etag"]}
    assert bmc.ask("PATCH", system, b"{nonsense", tag).messages == ["MalformedJSON"]
    assert bmc.ask("PATCH", system, b"[]", tag).messages == ["UnrecognizedRequestBody"]
    assert bmc.ask("PATCH", system, b"{}", tag | {"Content-Type": "text/plain"}).status == 415
    assert bmc.ask("GET", system, headers={"OData-Version": "3.0"}).status == 412
    target = bmc.get(system)["Actions"]["#ComputerSystem.Reset"]["target"]
    assert bmc.ask("POST", target, {}).messages == ["ActionParameterMissing"]
    assert bmc.ask("POST", target, {"ResetType": "Kick"}).messages == ["ActionParameterValueNotInList"]
    assert bmc.ask("POST", target, {"ResetType": "On", "Hard": True}).messages == ["ActionParameterUnknown"]
    assert bmc.power() == "Off"


def test_queries(twin: Twin) -> None:
    bmc = twin.bmc(twin.fresh("fanjing"))
    expanded = bmc.get("/redfish/v1/Systems?$expand=.($levels=1)")
    assert expanded["Members"][0]["SerialNumber"]
    assert "Attributes" not in str(expanded)
    assert "Attributes" in str(bmc.get("/redfish/v1/Systems?$expand=.($levels=2)"))
    selected = bmc.get(f"{bmc.system}?$select=AssetTag,Boot/BootSourceOverrideTarget")
    assert set(selected) == {"@odata.id", "@odata.type", "@odata.etag", "AssetTag", "Boot"}
    assert bmc.get("/redfish/v1/Systems?only")["SerialNumber"]
    assert bmc.ask("GET", "/redfish/v1/Systems?only=1").messages == ["QueryParameterValueError"]
    assert bmc.ask("GET", "/redfish/v1/Systems?$expand=.($levels=9)").messages == ["QueryParameterValueError"]
    assert bmc.ask("GET", "/redfish/v1/Systems?$frobnicate=1").status == 501
    older = twin.bmc(twin.fresh("wumeng"))
    assert "ExpandQuery" not in older.get("/redfish/v1/")["ProtocolFeaturesSupported"]
    assert older.ask("GET", "/redfish/v1/Systems?$expand=.").messages == ["QueryNotSupported"]


def test_concurrent_patches_lose_nothing(bmc: Bmc, twin: Twin, name: str) -> None:
    """Each of two writers sets properties of its own, over connections of its own, many times at once."""
    system, rounds = bmc.system, 15
    last: dict[str, Any] = {}
    faults: list[BaseException] = []

    def write(key: str, values: list[Any]) -> None:
        mine = twin.bmc(name)
        try:
            for value in values:
                assert mine.ask("PATCH", system, {key: value}, {"If-Match": "*"}).status in (200, 204)
                assert mine.get(system)[key] == value, "another write took it away"
                last[key] = value
        except BaseException as fault:
            faults.append(fault)
        finally:
            mine.close()

    writers = [
        threading.Thread(target=write, args=("AssetTag", [f"tag-{index}" for index in range(rounds)])),
        threading.Thread(target=write, args=("LocationIndicatorActive", [index % 2 == 0 for index in range(rounds)])),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not faults
    found = bmc.get(system)
    assert {key: found[key] for key in last} == last
    assert len(last) == 2


def test_read_modify_write_with_etags_counts_every_step(bmc: Bmc, twin: Twin, name: str) -> None:
    """Two clients add to one number; each sends the ETag that it read, and begins anew when told 412."""
    assert bmc.patch(bmc.system, {"AssetTag": "0"}).status in (200, 204)
    system, rounds, refused = bmc.system, 10, []
    start = threading.Barrier(2)

    def count() -> None:
        mine = twin.bmc(name)
        done = 0
        start.wait(10)
        while done < rounds:
            body = mine.get(system)
            tag = {"If-Match": body["@odata.etag"]}
            answer = mine.ask("PATCH", system, {"AssetTag": str(int(body["AssetTag"]) + 1)}, tag)
            done += answer.status in (200, 204)
            refused.extend([answer.status] * (answer.status not in (200, 204)))
        mine.close()

    clients = [threading.Thread(target=count) for _ in range(2)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(30)
    assert set(refused) <= {412}
    assert bmc.get(system)["AssetTag"] == str(2 * rounds)
