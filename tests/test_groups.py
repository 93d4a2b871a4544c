"""Tests that share a twin are kept on one worker, or each worker would build one and neither would be whole."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("groups")
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="there is but one worker")
def test_a_group_is_known_to_the_scheduler(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@groups")
