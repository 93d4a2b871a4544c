"""The package schema, made from the dataclasses that inputs are checked by."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from karst.provider import config
from karst.provider.model import HallArgs, HallState, RackArgs, RackState, SwitchArgs, SwitchState

VERSION = version("karst")

_Json = dict[str, Any]
_RESOURCES: dict[str, tuple[type, type]] = {
    "karst:metal:Rack": (RackArgs, RackState),
    "karst:metal:Hall": (HallArgs, HallState),
    "karst:network:Switch": (SwitchArgs, SwitchState),
}


@cache
def schema() -> _Json:
    """The schema as Pulumi's GetSchema wants it."""
    types: _Json = {}
    resources = {token: _resource(*classes, types) for token, classes in _RESOURCES.items()}
    settings = _object(config.Configuration, types)
    for name in config.SECRET:
        settings["properties"][name]["secret"] = True
    return {
        "name": "karst",
        "version": VERSION,
        "description": "Racks of servers and rack PDUs, operated over Redfish, and switches that run FRR, over SSH.",
        "license": "Apache-2.0",
        "config": {"variables": settings["properties"], "defaults": settings["required"]},
        "provider": {"inputProperties": settings["properties"], "requiredInputs": settings["required"]},
        "types": types,
        "resources": resources,
    }


def _resource(inputs: type, outputs: type, types: _Json) -> _Json:
    given, made = _object(inputs, types), _object(outputs, types)
    return {
        "description": (inputs.__doc__ or "").strip(),
        "inputProperties": given["properties"],
        "requiredInputs": given["required"],
        "properties": made["properties"],
        "required": made["required"],
    }


def _object(kind: type, types: _Json) -> _Json:
    described = TypeAdapter(kind).json_schema(ref_template="#/types/karst:metal:{model}")
    for name, definition in described.pop("$defs", {}).items():
        types[f"karst:metal:{name}"] = _definition(definition)
    return _definition(described)


def _definition(described: _Json) -> _Json:
    if "enum" in described:
        return {
            "type": "string",
            "description": described.get("description", ""),
            "enum": [{"value": each} for each in described["enum"]],
        }
    return {
        "type": "object",
        "description": described.get("description", ""),
        "properties": {name: _property(each) for name, each in described.get("properties", {}).items()},
        "required": described.get("required", []),
    }


def _property(described: _Json) -> _Json:
    found = _type(described)
    # Of what may be absent the description lies with the type that it has when it is there.
    texts = [each["description"] for each in (described, *described.get("anyOf", [])) if "description" in each]
    if texts:
        found["description"] = texts[0]
    return found


def _type(described: _Json) -> _Json:
    if "$ref" in described:
        return {"$ref": described["$ref"]}
    for each in described.get("anyOf", []):
        if each.get("type") != "null":
            return _type(each)
    match described.get("type"):
        case "array":
            return {"type": "array", "items": _type(described["items"])}
        case "object":
            inner = described.get("additionalProperties")
            return {
                "type": "object",
                "additionalProperties": _type(inner) if isinstance(inner, dict) else {"$ref": "pulumi.json#/Any"},
            }
        case str(kind):
            return {"type": kind}
        case _:
            return {"$ref": "pulumi.json#/Any"}
