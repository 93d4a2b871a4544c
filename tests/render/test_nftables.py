"""Hosts' rulesets: each folder holds what the plan says of one host, and the `nftables.conf` that it must be given.

`pytest tests/render --accept` writes them; read the diff. What the kernel makes of them is tested beside.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from karst.plan.network.flows import Firewall
from karst.render.nftables import FirewallRenderer
from tests.host_image import host_image

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(path.parent.name for path in HERE.glob("*/firewall.yml"))
BEGINS = "table inet karst {"


@pytest.fixture(scope="module")
def renderer() -> FirewallRenderer:
    return FirewallRenderer(ROOT / "templates")


def firewall_of(case: str) -> Firewall:
    return TypeAdapter(Firewall).validate_python(yaml.safe_load((HERE / case / "firewall.yml").read_text()))


def nft(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a shell script with nft in a network namespace of its own, which goes when it ends."""
    host_image()  # with it come Debian's packages, of which nftables is one
    command = ["unshare", "--net", "sh", "-euc", script, "sh", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_expected_ruleset(
    case: str, renderer: FirewallRenderer, expect: Callable[[Path, str], None]
) -> None:
    expect(HERE / case / "nftables.conf", renderer.ruleset(firewall_of(case)))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_nft_finds_no_fault(case: str) -> None:
    done = nft('nft --check -f "$1"', HERE / case / "nftables.conf")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_what_is_loaded_twice_is_listed_as_it_was_written(case: str) -> None:
    file = HERE / case / "nftables.conf"
    done = nft('nft -f "$1"; nft -f "$1"; nft list ruleset', file)
    assert done.stderr == ""
    written = file.read_text()
    assert done.stdout == written[written.index(BEGINS) :]


@pytest.mark.slow
def test_tables_of_others_stay() -> None:
    script = 'nft add table ip kube-proxy; nft -f "$1"; nft list tables'
    done = nft(script, HERE / CASES[0] / "nftables.conf")
    assert done.stdout.splitlines() == ["table ip kube-proxy", "table inet karst"]
