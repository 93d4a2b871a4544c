"""One fabric for the tests of this folder, which leave it as they found it."""

from __future__ import annotations

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
from tests.host_image import host_image

ROOT = Path(__file__).parents[2]
FLOWS_EACH_WAY = 32


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates")


def texts(renderer: Renderer, planned: Mapping[str, Node]) -> Mapping[str, str]:
    return {name: renderer.frr(node) for name, node in planned.items()}


@pytest.fixture(scope="session")
def frr() -> None:
    host_image()  # with it come Debian's packages, of which FRR is one
    assert lacking() == ()


@pytest.fixture(scope="module")
def fabric(renderer: Renderer, frr: None) -> Iterator[Fabric]:  # noqa: ARG001 - only that it is there
    # Not for the whole session: BFD of twelve nodes is a fifth of a core.
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
