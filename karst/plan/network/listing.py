"""The cable list of a technician, as CSV: a cable a line, both its ends, what to take from stock, which way it goes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from karst.plan.network.model import Cable

COLUMNS = ("label", "kind", "a", "a_interface", "b", "b_interface", "speed_gbps", "length_m", "take", "route")


def cables_csv(cables: Iterable[Cable]) -> str:
    """Return the list. `take` is the length from stock, `length_m` what was measured along the way."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cable in cables:
        ends = (cable.a.device, cable.a.interface, cable.b.device, cable.b.interface)
        way = " > ".join(cable.route)
        writer.writerow(
            (cable.label, cable.kind.value, *ends, cable.speed_gbps, f"{cable.length_m:.2f}", cable.length_class, way)
        )
    return text.getvalue()
