"""Devices' texts: each folder holds what the plan says of one device, and the `frr.conf` that it must be given.

`pytest tests/render --accept` writes them; read the diff. That FRR itself has nothing to add is tested beside.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from karst.plan.network.model import Node
from karst.render.network import Renderer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(path.parent.name for path in HERE.glob("*/node.yml"))


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates")


def node_of(case: str) -> Node:
    return TypeAdapter(Node).validate_python(yaml.safe_load((HERE / case / "node.yml").read_text()))


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_expected_text(case: str, renderer: Renderer, expect: Callable[[Path, str], None]) -> None:
    expect(HERE / case / "frr.conf", renderer.frr(node_of(case)))
