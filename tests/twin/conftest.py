from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twin_support import REPOSITORY, SERVERS, Bmc, Twin, long_lab, running
from twin_trust import Notary, Trusted


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return long_lab(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory, site: Path) -> Iterator[Twin]:
    """A twin for all tests of a worker; each takes devices that no other has had."""
    yield from running(tmp_path_factory.mktemp("home"), site)


@pytest.fixture
def own_twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin of the lab for a test that kills it or changes what all its devices share."""
    yield from running(tmp_path, REPOSITORY / "sites" / "lab")


@pytest.fixture(params=SERVERS)
def shape(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def name(twin: Twin, shape: str) -> str:
    return twin.fresh(shape)


@pytest.fixture
def bmc(twin: Twin, name: str) -> Iterator[Bmc]:
    made = twin.bmc(name)
    yield made
    made.close()


@pytest.fixture(scope="session")
def notary(tmp_path_factory: pytest.TempPathFactory) -> Notary:
    return Notary(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(twin: Twin, notary: Notary, name: str) -> Iterator[Trusted]:
    made = notary.enrol(twin, name)
    yield made
    made.bmc.close()
