"""What opens BMCs is given as a whole, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from karst.pki import create_authority
from karst.provider.config import BMCS, parse


@pytest.fixture(scope="module")
def of_racks() -> dict[str, Any]:
    authority = create_authority("Test", "Karst", 30)
    return {
        "credentials": {"1": {"user": "karst", "password": "WordOfGeneration1K"}},
        "factory_credentials": {},
        "ca_certificate": authority.certificate_pem,
        "ca_key": authority.key_pem,
    }


def test_of_switches_alone() -> None:
    found, faults = parse({"ssh_ca": "ssh-ed25519 AAAA", "ssh_config": "1", "rollback_after_s": "30"})
    assert faults == []
    assert found is not None
    assert (found.ssh_config, found.rollback_after_s) == ("1", 30)


@pytest.mark.parametrize("name", BMCS)
def test_what_racks_need_is_not_given_by_half(of_racks: dict[str, Any], name: str) -> None:
    assert parse(of_racks)[1] == []
    _, faults = parse({key: value for key, value in of_racks.items() if key != name})
    assert [each.path for each in faults] == [name]


def test_what_is_needed_is_asked_for() -> None:
    assert [each.path for each in parse({}, BMCS)[1]] == list(BMCS)
    assert parse({})[1] == []
