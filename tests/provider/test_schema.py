"""The schema, the typed classes of programs and what inputs are checked by say the same."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import MISSING, fields
from inspect import get_annotations
from pathlib import Path
from typing import Any, get_type_hints

import pulumi
import pytest

from karst.provider import config
from karst.provider.hall import Hall, HallArgs
from karst.provider.model import HallState, Hold, PduArgs, RackArgs, RackState, ServerArgs, SwitchArgs, SwitchState
from karst.provider.provider import Provider, ProviderArgs
from karst.provider.rack import Rack
from karst.provider.schema import schema
from karst.provider.switch import Switch
from karst.site.base import Status

from .lab import CLONE

CLASSES = [(Rack, RackArgs, RackState), (Hall, HallArgs, HallState), (Switch, SwitchArgs, SwitchState)]


def required(kind: Any) -> set[str]:
    return {each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING}


def names(kind: Any) -> set[str]:
    return {each.name for each in fields(kind)}


@pytest.mark.parametrize(("kind", "args", "state"), CLASSES)
def test_resources(kind: type[pulumi.CustomResource], args: Any, state: Any) -> None:
    (token,) = (token for token in schema()["resources"] if token.endswith(f":{kind.__name__}"))
    described = schema()["resources"][token]
    assert set(described["inputProperties"]) == names(args)
    assert set(described["requiredInputs"]) == required(args)
    # Each output has an attribute of its kind, typed alike.
    outputs = get_annotations(kind, eval_str=True)
    assert set(described["properties"]) == set(outputs) == names(state)
    assert set(described["required"]) == required(state)
    stated = get_type_hints(state)
    assert {name: hint.__args__[0] for name, hint in outputs.items()} == stated


@pytest.mark.parametrize("kind", [ServerArgs, PduArgs, Hold])
def test_nested_types(kind: Any) -> None:
    described = schema()["types"][f"karst:metal:{kind.__name__}"]
    assert set(described["properties"]) == names(kind)
    assert set(described["required"]) == required(kind)
    assert all(each.get("description") for each in described["properties"].values())


def test_statuses() -> None:
    assert [each["value"] for each in schema()["types"]["karst:metal:Status"]["enum"]] == [
        each.value for each in Status
    ]


def test_configuration() -> None:
    described = schema()["provider"]
    assert set(described["inputProperties"]) == names(ProviderArgs) == names(config.Configuration)
    assert set(described["requiredInputs"]) == required(ProviderArgs) == required(config.Configuration)
    secret = {name for name, each in described["inputProperties"].items() if each.get("secret")}
    assert secret == set(config.SECRET)
    assert issubclass(Provider, pulumi.ProviderResource)


@pytest.mark.slow
def test_pulumi_reads_it() -> None:
    build = [sys.executable, str(CLONE / "tools" / "build.py"), "--print-bin"]
    tools = Path(subprocess.run(build, capture_output=True, text=True, check=True).stdout.strip())
    provider = Path(sys.executable).with_name("pulumi-resource-karst")
    run = subprocess.run(
        [tools / "pulumi", "package", "get-schema", provider], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert set(json.loads(run.stdout)["resources"]) == set(schema()["resources"])
