"""Power supplies by their BMC's ids, at the ports of the device type."""

from __future__ import annotations

import pytest

from karst.verify.observed import Supply
from karst.verify.ports import at_ports

PORTS = ("PSU1", "PSU2")


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (("PSU1", "PSU2"), (0, 1)),
        (("psu2", "psu1"), (1, 0)),
        (("PSU.Slot.1", "PSU.Slot.2"), (0, 1)),
        (("PSU.Slot.2",), (None, 0)),
        (("PS01", "PS02"), (0, 1)),
        (("0", "1"), (0, 1)),
        (("Bay 9", "Bay 10"), (0, 1)),
        (("Left", "Right"), (0, 1)),
        ((), (None, None)),
        (("PSU1", "PSU2", "PSU3"), (0, 1)),
    ],
)
def test_at_ports(ids: tuple[str, ...], expected: tuple[int | None, ...]) -> None:
    supplies = {name: Supply(input_w=float(index)) for index, name in enumerate(ids)}
    found = at_ports(PORTS, supplies)
    assert list(found) == list(PORTS)
    assert [None if each is None else each.input_w for each in found.values()] == list(expected)
