from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stacks.clone import Clone

from .live import configured
from .site import Site, built


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The lab, built once for all tests of `verify`."""
    with built(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(healthy: Site) -> Iterator[Site]:
    """The same; afterwards sound, cabled as planned and without faults again."""
    control = healthy.lab.control
    before = control.cabling()
    yield healthy
    control.set_faults([])
    control.change_hardware(dict.fromkeys(control.hardware()))
    control.change_cabling(before)


@pytest.fixture(scope="package")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """The lab with hosts and a network, for all tests of group `hosts` here; test_hosts.py shuts the hosts down."""
    with configured(tmp_path_factory.mktemp("live")) as made:
        yield made
