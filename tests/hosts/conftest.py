"""A deep look at the hosts of a site that stands: `pytest tests/hosts --site lab --limit 'h1-r1-01*'`.

Reached as `karst verify` reaches them. Without `--site` there is nothing here to collect. docs/verify.md says more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache

import pytest
import testinfra
from testinfra.host import Host

from karst.cli.verify_run import racks_of
from karst.plan.model import Plan, PlanError
from karst.plan.pipeline import plan
from karst.provider.bounds import Bounds, lock_folder
from karst.site.load import load
from karst.site.problems import SiteError
from karst.ssh import known_hosts_files
from karst.verify.evaluate import HOST_GROUPS
from karst.verify.finding import Finding
from karst.verify.hosts import HostTarget, options
from karst.verify.verify import Racks, verify
from karst.workspace import paths
from karst.workspace.paths import WorkspaceError

# Longer than any test takes to its next call of a host.
CONNECTION_KEPT_S = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--site` and `--limit`."""
    parser.addoption("--site", help="tests/hosts: name of a site, a folder of sites/")
    parser.addoption("--limit", action="append", default=[], help="tests/hosts: racks or servers, `h1-r1-01*`")


def pytest_configure(config: pytest.Config) -> None:
    """Say why if there is no way to the hosts."""
    if config.getoption("--site", None):
        try:
            chosen(config)
        except (SiteError, PlanError) as fault:
            raise pytest.UsageError("\n".join(map(str, fault.problems))) from None
        except WorkspaceError as fault:
            raise pytest.UsageError(str(fault)) from None


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Collect nothing without a site."""
    return None if config.getoption("--site", None) else True


@lru_cache
def _chosen(site: str, limit: tuple[str, ...]) -> tuple[Plan, Racks]:
    place = paths.find()
    planned = plan(load(place.site(site), place.hardware))
    return planned, racks_of(place, planned, list(limit))


def chosen(config: pytest.Config) -> tuple[Plan, Racks]:
    """The plan, and the racks with the hosts that are asked for."""
    return _chosen(config.getoption("--site"), tuple(config.getoption("--limit")))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test with a `server` is one of each host."""
    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", list(chosen(metafunc.config)[1].hosts), scope="session")


@pytest.fixture(scope="session")
def planned(pytestconfig: pytest.Config) -> Plan:
    """The site's plan."""
    return chosen(pytestconfig)[0]


@pytest.fixture(scope="session")
def findings(pytestconfig: pytest.Config) -> list[Finding]:
    """What `karst verify --only os --only time` finds on the same hosts, asked once."""
    made, racks = chosen(pytestconfig)
    report = asyncio.run(verify(made, racks, Bounds(1, lock_folder()), HOST_GROUPS, lambda _: None))
    return report.findings


@pytest.fixture(scope="session")
def connect(pytestconfig: pytest.Config) -> Iterator[Callable[[HostTarget], Host]]:
    """Return a way to a host as root, by OpenSSH; its key has to be signed by the site's SSH CA."""
    targets = chosen(pytestconfig)[1].hosts.values()
    with ExitStack() as stack:
        trust = stack.enter_context(known_hosts_files({target.reach.authority for target in targets}))
        made: dict[str, Host] = {}

        def connected(target: HostTarget) -> Host:
            if target.name not in made:
                known_by = trust[target.reach.authority]
                given = options(target, known_by)
                made[target.name] = testinfra.get_host(
                    f"ssh://{target.name}",
                    ssh_config=str(target.reach.config) if target.reach.config else None,
                    ssh_extra_args=" ".join(f"-o {key}={value}" for key, value in given.items()),
                    # One connection a host, not one a call. The percent sign is testinfra's own too.
                    controlpath=f"{known_by.parent}/%%n",
                    controlpersist=CONNECTION_KEPT_S,
                    sudo=True,
                )
            return made[target.name]

        yield connected


@pytest.fixture
def target(pytestconfig: pytest.Config, server: str) -> HostTarget:
    """How a server's host is reached."""
    return chosen(pytestconfig)[1].hosts[server]


@pytest.fixture
def host(connect: Callable[[HostTarget], Host], target: HostTarget) -> Host:
    """The host, as root. Takes the place of testinfra's own fixture."""
    return connect(target)


@pytest.fixture
def own_kernel(host: Host) -> None:
    """Skip what in a container would be said of its machine."""
    if not host.run("systemd-detect-virt --container --quiet").rc:
        pytest.skip("a container's kernel, clock and disks are its machine's")
