"""One fabric for the tests of this folder, which leave it as they found it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from clos import CARRIERS, LEAVES, loopback, nodes

from karst.plan.network.model import Node
from karst.render.network import Renderer
from karst.twin.fabric.carriers import INTERNET
from karst.twin.fabric.daemons import lacking
from karst.twin.fabric.fabric import Fabric
from karst.twin.fabric.flows import Flow
from karst.twin.fabric.ground import Ground

ROOT = Path(__file__).parents[2]
FLOWS_EACH_WAY = 32


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates")


def texts(renderer: Renderer, planned: Mapping[str, Node]) -> Mapping[str, str]:
    return {name: renderer.frr(node) for name, node in planned.items()}


@pytest.fixture(scope="session")
def fabric(renderer: Renderer) -> Iterator[Fabric]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if lacking():
        pytest.skip(f"Debian's {' and '.join(lacking())} are not installed; make image installs them")
    with Ground() as ground:
        made = Fabric(ground, nodes(), texts(renderer, nodes()))
        made.build()
        made.wait_until_whole(60)
        yield made


@pytest.fixture(scope="session")
def flows() -> Sequence[Flow]:
    """Both hosts to each other, and each to the internet."""
    carriers = tuple(carrier for carrier, _ in CARRIERS.values())
    one, other = LEAVES
    kinds = [
        Flow(one, loopback(one), (other,), loopback(other)),
        Flow(other, loopback(other), (one,), loopback(one)),
        Flow(one, loopback(one), carriers, INTERNET),
        Flow(other, loopback(other), carriers, INTERNET),
    ]
    return [flow for flow in kinds for _ in range(FLOWS_EACH_WAY)]
