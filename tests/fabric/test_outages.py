"""How long a flow was out, from which of its packets arrived."""

from __future__ import annotations

import pytest

from karst.twin.fabric.flows import outages_s

SENT_S = [0.00, 0.01, 0.02, 0.03, 0.09, 0.10]


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ({0, 1, 2, 3, 4, 5}, []),
        ({0, 1, 3, 4, 5}, [0.01]),
        ({0, 1, 2, 3, 5}, [0.01]),
        ({0, 3, 4, 5}, [0.02]),
        ({1, 2, 4, 5}, [0.01, 0.01]),
        ({0, 1, 2}, [0.08]),
        (set(), [0.11]),
    ],
)
def test_an_outage_lasts_from_its_first_lost_packet_to_its_last_and_an_interval_more(
    arrived: set[int], expected: list[float]
) -> None:
    assert list(outages_s(SENT_S, arrived, 0.01)) == pytest.approx(expected)
