"""A rack PDU at the side of its rack: its branches with their loads, its outlets, and the cords that go to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import drawsvg as draw

from karst.draw.style import FAINT, GUTTER, INK, LINE, PAPER, STATUSES, STRIP, bar, path_colour, power, text
from karst.plan.limits import CONTINUOUS
from karst.plan.model import Cord, Pdu
from karst.site.base import Hold


@dataclass(frozen=True, slots=True)
class Strip:
    """Where a rack PDU is drawn: `x` is its outer left corner, `side` -1 left of the rack and 1 right of it."""

    pdu: Pdu
    x: float
    top: float
    height: float
    side: int

    @property
    def edge(self) -> float:
        """Return the x of the edge that faces the rack."""
        return self.x + STRIP if self.side < 0 else self.x

    def outlets(self) -> Mapping[str, float]:
        """Return the y of each outlet, counted from the bottom."""
        names = [outlet for branch in self.pdu.branches for outlet in branch.outlets]
        step = self.height / max(len(names), 1)
        return {name: round(self.top + self.height - (index + 0.5) * step, 2) for index, name in enumerate(names)}


def hold_words(hold: Hold) -> str:
    """Return a hold in a few words."""
    return f"hold: {hold.who} until {hold.until}"


def draw_strip(group: draw.Group, strip: Strip, used: Mapping[str, str]) -> None:
    """Draw a rack PDU; `used` maps its outlets to the servers whose cords go to them."""
    pdu, look, colour = strip.pdu, STATUSES[strip.pdu.status], path_colour(strip.pdu.path)
    box = draw.Rectangle(
        strip.x,
        strip.top,
        STRIP,
        strip.height,
        fill=look.fill,
        stroke=colour,
        stroke_width=2,
        stroke_dasharray=look.dash,
    )
    box.append_title(f"{pdu.name}: {pdu.device_type}, path {pdu.path}, busway {pdu.busway}, {pdu.status.value}")
    group.append(box)
    short = pdu.name.removeprefix(f"{pdu.rack}-")
    middle = strip.x + STRIP / 2
    group.append(text(f"{short} · {pdu.path}", middle, strip.top - 22, 10, colour, "middle", "bold"))
    group.append(text(pdu.status.value, middle, strip.top - 9, 9, look.edge, "middle"))
    at = strip.outlets()
    for first, last, branch, load_w, limit_w in _branches(strip):
        below = first + strip.height / max(len(at), 1) / 2
        above = last - strip.height / max(len(at), 1) / 2
        group.append(draw.Line(strip.x, below, strip.x + STRIP, below, stroke=LINE))
        inner = strip.x + (4 if strip.side < 0 else 14)
        group.append(text(branch, inner, above + 10, 9, INK, weight="bold"))
        group.append(text(power(load_w), inner, above + 22, 8, FAINT))
        bar(group, inner, above + 30, STRIP - 18, 5, load_w / limit_w)
    for outlet, y in at.items():
        socket = draw.Circle(
            strip.edge + strip.side * 5,
            y,
            2.6,
            fill=colour if outlet in used else PAPER,
            stroke=colour,
            stroke_width=0.8,
        )
        socket.append_title(f"outlet {outlet} of {short}: {used.get(outlet, 'free')}")
        group.append(socket)


def _branches(strip: Strip) -> Iterator[tuple[float, float, str, float, float]]:
    """Yield the y of a branch's lowest and highest outlet, its name, its load with a path lost, and its limit."""
    at = strip.outlets()
    for branch in strip.pdu.branches:
        if branch.outlets:
            limit_w = CONTINUOUS * branch.rating_a * strip.pdu.voltage_v
            yield at[branch.outlets[0]], at[branch.outlets[-1]], branch.name, branch.load_one_path_w, limit_w


def draw_cord(group: draw.Group, strip: Strip, cord: Cord, server: str, x: float, y: float) -> None:
    """Draw a cord from a server's edge at (x, y) to its outlet."""
    end_x, end_y = strip.edge + strip.side * 5, strip.outlets()[cord.outlet]
    bend = round(GUTTER * 0.7, 2) * strip.side
    line = draw.Path(stroke=path_colour(cord.path), stroke_width=1.3, fill="none")
    line.M(x, y).C(x + bend, y, end_x - bend, end_y, end_x, end_y)
    line.append_title(f"{cord.power_port} of {server} to outlet {cord.outlet} of {cord.pdu} (branch {cord.branch})")
    group.append(line)
