"""Racks as inputs, for tests that need no BMC."""

from __future__ import annotations

from typing import Any

from karst.provider.rack_resource import parse

UUID = "4c866510-6714-49a5-b103-b88c949a518b"


def device(index: int, **changed: Any) -> dict[str, Any]:
    """What servers and PDUs have in common."""
    made = {
        "endpoint": f"https://127.64.0.{index}:8443",
        "status": "active",
        "serial_number": f"KT{index}",
        "uuid": UUID,
        "certificate_sha256": f"{index:064x}",
        "factory_credential": "factory",
    }
    return {name: value for name, value in {**made, **changed}.items() if value is not None}


def server(index: int = 1, **changed: Any) -> dict[str, Any]:
    """A server's inputs."""
    made = {"power": "On", "asset_tag": f"tag-{index}", "settings": {"BootMode": "Uefi"}, "branches": ["pdu-a/B1"]}
    return device(index, **{**made, **changed})


def rack(*servers: dict[str, Any], pdus: dict[str, Any] | None = None, generation: int = 1) -> dict[str, Any]:
    """A rack's inputs; its servers are s01, s02, …"""
    named = {f"s{index:02d}": each for index, each in enumerate(servers, 1)}
    return {"name": "r1", "credential_generation": generation, "servers": named, "pdus": pdus or {}}


def parsed(*servers: dict[str, Any], **more: Any) -> Any:
    """The same, checked."""
    return parse(rack(*servers, **more))
