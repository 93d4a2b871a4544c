"""No property, of a rack or of the provider, ever replaces a rack."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from karst.pki import create_authority
from karst.provider import values
from karst.provider.engine import Engine
from karst.provider.schema import schema
from karst.provider.servicer import Servicer

from .plugin import URN
from .samples import device, rack, server

HOLD = {"who": "Li", "why": "board swap", "until": "2026-12-01"}
OF_A_DEVICE = {
    "endpoint": "https://127.64.0.9:8443",
    "status": "staged",
    "hold": HOLD,
    "serial_number": "KT9",
    "uuid": "00000000-6714-49a5-b103-b88c949a518b",
    "certificate_sha256": "9" * 64,
    "factory_credential": "other",
}
OF_A_SERVER = {
    **OF_A_DEVICE,
    "power": "Off",
    "asset_tag": "other",
    "settings": {"BootMode": "Bios"},
    "branches": ["pdu-b/B9"],
    "failure_domain": "other",
    "image": "https://images.example/debian-12.iso",
    "host": "127.80.0.9:22",
}
OF_A_PDU = {**OF_A_DEVICE, "outlets_off": ["1"]}
OF_A_RACK = {"name": "r2", "credential_generation": 2, "servers": {}, "pdus": {}}
STATE = {"observed": {"s01": {"power": "On", "generation": 1}, "pdu-a": {"generation": 1}}, "failed": {}}


def before() -> dict[str, Any]:
    return rack(server(1), pdus={"pdu-a": device(2)})


def changes() -> list[Any]:
    found = [pytest.param(name, {**before(), name: value}, id=f"rack-{name}") for name, value in OF_A_RACK.items()]
    for group, device_name, properties in (("servers", "s01", OF_A_SERVER), ("pdus", "pdu-a", OF_A_PDU)):
        for name, value in properties.items():
            after = before()
            after[group][device_name][name] = value
            found.append(pytest.param(name, after, id=f"{group}-{name}"))
    return found


async def configured() -> Servicer:
    authority = create_authority("Test", "Karst", 10)
    login = {"user": "karst", "password": "a word of passage"}
    configuration = {
        "credentials": {"1": login},
        "credential_generation": 1,
        "factory_credentials": {"factory": login},
        "ca_certificate": authority.certificate_pem,
        "ca_key": authority.key_pem,
    }
    made = Servicer(Engine(None))
    await made.Configure(provider_pb2.ConfigureRequest(args=values.write(configuration)), None)
    return made


@pytest.mark.parametrize(("name", "after"), changes())
async def test_no_property_replaces_a_rack(name: str, after: dict[str, Any]) -> None:
    request = provider_pb2.DiffRequest(
        urn=URN, id="r1", old_inputs=values.write(before()), olds=values.write(STATE), news=values.write(after)
    )
    answer = await (await configured()).Diff(request, None)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME, name
    assert list(answer.replaces) == []
    kinds = {each.kind for each in answer.detailedDiff.values()}
    assert kinds <= {provider_pb2.PropertyDiff.ADD, provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.DELETE}


def test_every_property_was_tried() -> None:
    described = schema()
    assert set(OF_A_RACK) == set(described["resources"]["karst:metal:Rack"]["inputProperties"])
    assert set(OF_A_SERVER) == set(described["types"]["karst:metal:ServerArgs"]["properties"])
    assert set(OF_A_PDU) == set(described["types"]["karst:metal:PduArgs"]["properties"])


@pytest.mark.parametrize("name", sorted(schema()["provider"]["inputProperties"]))
async def test_no_configuration_replaces_the_provider(name: str) -> None:
    request = provider_pb2.DiffRequest(old_inputs=values.write({name: "a"}), news=values.write({name: "b"}))
    answer = await Servicer(Engine(None)).DiffConfig(request, None)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.replaces) == []
