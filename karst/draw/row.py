"""A row of racks as seen from its cold aisle, lowest position left: one SVG."""

from __future__ import annotations

import drawsvg as draw

from karst.draw.rack import draw_rack, rack_height, rack_width
from karst.draw.style import (
    FAINT,
    FONT,
    FRAME,
    GAP,
    HEAD,
    HELD,
    INK,
    LOAD,
    MARGIN,
    OVER,
    PAPER,
    STATUSES,
    UNIT,
    bar,
    path_colour,
    text,
)
from karst.plan.model import Plan, Rack
from karst.plan.rack import rack as rack_of

_TITLE = 44
_LEGEND = 64


def row_svg(plan: Plan, row: str) -> str:
    """Return the elevation of a row as SVG text. Raises KeyError for a row that has no racks."""
    planned = plan.rows[row]
    racks = [rack_of(plan, seat.name) for seat in plan.racks.values() if seat.row == row]
    width = max(2 * MARGIN + sum(map(rack_width, racks)) + GAP * (len(racks) - 1), 2 * MARGIN + 2 * FRAME)
    height = 2 * MARGIN + _TITLE + max(map(rack_height, racks)) + _LEGEND
    drawing = draw.Drawing(width, height, id_prefix=row)
    page = draw.Group(font_family=FONT)
    page.append(draw.Rectangle(0, 0, width, height, fill=PAPER))
    page.append(text(f"{plan.site.place.title}: row {row}", MARGIN, MARGIN + 8, 18, INK, weight="bold"))
    busways = ", ".join(f"{path} {busway}" for path, busway in planned.busways.items())
    words = f"hall {planned.hall} · cluster {planned.cluster or 'none'} · busways {busways} · plan {plan.hash[:12]}"
    page.append(text(words, MARGIN, MARGIN + 30, 11, FAINT))
    floor = MARGIN + _TITLE + HEAD + max(rack.height_u for rack in racks) * UNIT
    x: float = MARGIN
    for rack in racks:
        draw_rack(page, rack, x, floor)
        x += rack_width(rack) + GAP
    _legend(page, racks, height - MARGIN - _LEGEND + 24)
    drawing.append(page)
    return f"{drawing.as_svg()}\n"


def _legend(page: draw.Group, racks: list[Rack], y: float) -> None:
    x: float = MARGIN
    for status, look in STATUSES.items():
        page.append(draw.Rectangle(x, y - 6, 20, 12, fill=look.fill, stroke=look.edge, stroke_dasharray=look.dash))
        page.append(text(status.value, x + 26, y, 10))
        x += 40 + 7 * len(status.value)
    page.append(draw.Rectangle(x, y - 6, 20, 12, fill="none", stroke=OVER, stroke_dasharray=HELD))
    page.append(text("hold: read, never written", x + 26, y, 10))
    x, y = MARGIN, y + 24
    for path in sorted({pdu.path for rack in racks for pdu in rack.pdus.values()}):
        page.append(draw.Line(x, y, x + 20, y, stroke=path_colour(path), stroke_width=2))
        page.append(text(f"cord to path {path}", x + 26, y, 10))
        x += 126
    bar(page, x, y - 3, 40, 6, 0.6)
    page.append(text("load with a path lost, of 80 % of the breaker", x + 46, y, 10, LOAD))
