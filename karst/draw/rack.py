"""A rack's elevation: units from the bottom, devices, and the rack PDUs with their cords at its sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import drawsvg as draw

from karst.draw.pdu import Strip, draw_cord, draw_strip, hold_words
from karst.draw.style import (
    FAINT,
    FOOT,
    FRAME,
    GUTTER,
    HEAD,
    HELD,
    INK,
    LINE,
    NUMBERS,
    OVER,
    PAPER,
    STATUSES,
    STRIP,
    UNIT,
    bar,
    path_colour,
    power,
    text,
)
from karst.plan.model import Pdu, Rack, Server
from karst.plan.network.model import Switch


def sides(rack: Rack) -> tuple[tuple[Pdu, ...], tuple[Pdu, ...]]:
    """Return the rack PDUs left and right of the rack: the first path left, the second right, and so on."""
    paths = sorted({pdu.path for pdu in rack.pdus.values()})
    left = [pdu for pdu in rack.pdus.values() if paths.index(pdu.path) % 2 == 0]
    right = [pdu for pdu in rack.pdus.values() if paths.index(pdu.path) % 2 == 1]
    return tuple(left), tuple(right)


def rack_width(rack: Rack) -> float:
    """Return the width of a rack with what is at its sides."""
    return FRAME + len(rack.pdus) * STRIP + sum(GUTTER for side in sides(rack) if side)


def rack_height(rack: Rack) -> float:
    """Return the height of a rack with what is above and below it."""
    return HEAD + rack.height_u * UNIT + FOOT * len(rack.pdus)


def draw_rack(group: draw.Group, rack: Rack, x: float, floor: float) -> None:
    """Draw a rack that stands on y = `floor`, its leftmost part at `x`."""
    left, right = sides(rack)
    height = rack.height_u * UNIT
    top = floor - height
    frame_x = x + len(left) * STRIP + (GUTTER if left else 0)
    strips = {pdu.name: Strip(pdu, x + index * STRIP, top, height, -1) for index, pdu in enumerate(left)}
    right_x = frame_x + FRAME + GUTTER
    strips |= {pdu.name: Strip(pdu, right_x + index * STRIP, top, height, 1) for index, pdu in enumerate(right)}
    _head(group, rack, frame_x, top)
    _frame(group, rack, frame_x, top, floor)
    used: dict[str, dict[str, str]] = defaultdict(dict)
    for server in rack.servers.values():
        for cord in server.cords:
            used[cord.pdu][cord.outlet] = f"{cord.power_port} of {server.name}"
    for strip in strips.values():
        draw_strip(group, strip, used[strip.pdu.name])
    for server in rack.servers.values():
        _server(group, server, frame_x, floor)
        _cords(group, server, strips, frame_x, floor)
    for switch in rack.switches.values():
        _switch(group, switch, frame_x, floor)
    _foot(group, rack, x, floor)


def _head(group: draw.Group, rack: Rack, frame_x: float, top: float) -> None:
    drawn_w = sum(server.budget_w for server in rack.servers.values())
    group.append(text(rack.name, frame_x, top - 50, 15, INK, weight="bold"))
    words = f"{power(drawn_w)} of {power(rack.budget_w)} budget"
    group.append(text(words, frame_x + FRAME, top - 50, 10, FAINT, "end"))
    bar(group, frame_x, top - 36, FRAME, 7, drawn_w / rack.budget_w)
    words = f"ordinal {rack.ordinal} · AS {rack.as_number} · cooling zone {rack.cooling_zone}"
    group.append(text(words, frame_x, top - 15, 9, FAINT))


def _frame(group: draw.Group, rack: Rack, frame_x: float, top: float, floor: float) -> None:
    group.append(draw.Rectangle(frame_x, top, FRAME, floor - top, fill="#f7f9fb", stroke=INK, stroke_width=1.5))
    for unit in range(1, rack.height_u + 1):
        y = floor - unit * UNIT
        if unit < rack.height_u:
            group.append(draw.Line(frame_x, y, frame_x + FRAME, y, stroke="#e4e9ee", stroke_width=0.6))
        group.append(text(f"U{unit}", frame_x + NUMBERS - 4, y + UNIT / 2, 7.5, FAINT, "end"))


def _server(group: draw.Group, server: Server, frame_x: float, floor: float) -> None:
    left = frame_x + NUMBERS
    look = STATUSES[server.status]
    height = server.height_u * UNIT - 2
    y = floor - (server.u + server.height_u - 1) * UNIT + 1
    box = draw.Rectangle(
        left, y, FRAME - NUMBERS - 2, height, fill=look.fill, stroke=look.edge, stroke_dasharray=look.dash, rx=2
    )
    held = f"; held by {server.hold.who} until {server.hold.until}: {server.hold.why}" if server.hold else ""
    box.append_title(f"{server.name}: {server.device_type}, BMC {server.out_of_band}, {server.status.value}{held}")
    group.append(box)
    group.append(draw.Rectangle(left, y, 5, height, fill=look.edge))
    middle = y + height / 2
    short = server.name.removeprefix(f"{server.rack}-")
    group.append(text(short, left + 10, middle, 10, INK, weight="bold"))
    if server.hold:
        width = FRAME - NUMBERS - 5
        frame = draw.Rectangle(left + 1.5, y + 1.5, width, height - 3, fill="none", stroke=OVER, stroke_dasharray=HELD)
        group.append(frame)
        group.append(text(hold_words(server.hold), left + 50, middle, 9, OVER))
    else:
        group.append(text(f"{server.device_type} · {server.role.value}", left + 50, middle, 9))
    words = f"{power(server.budget_w)} · {server.status.value}"
    group.append(text(words, frame_x + FRAME - 8, middle, 9, look.edge, "end"))


def _switch(group: draw.Group, switch: Switch, frame_x: float, floor: float) -> None:
    left, height = frame_x + NUMBERS, switch.height_u * UNIT - 2
    y = floor - ((switch.u or 1) + switch.height_u - 1) * UNIT + 1
    edge = path_colour(switch.path or "")
    box = draw.Rectangle(left, y, FRAME - NUMBERS - 2, height, fill=PAPER, stroke=edge, rx=2)
    box.append_title(f"{switch.name}: {switch.device_type}, out of band {switch.out_of_band}, path {switch.path}")
    group.append(box)
    group.append(draw.Rectangle(left, y, 5, height, fill=edge))
    middle = y + height / 2
    group.append(text(switch.name, left + 10, middle, 10, INK, weight="bold"))
    words = f"{switch.device_type} · path {switch.path}"
    group.append(text(words, frame_x + FRAME - 8, middle, 9, edge, "end"))


def _cords(group: draw.Group, server: Server, strips: Mapping[str, Strip], frame_x: float, floor: float) -> None:
    middle = floor - (server.u - 1 + server.height_u / 2) * UNIT
    on_side: dict[int, int] = defaultdict(int)
    for cord in server.cords:
        strip = strips[cord.pdu]
        # A second cord to the same side leaves the server a little lower.
        y = middle + 4 * on_side[strip.side]
        on_side[strip.side] += 1
        draw_cord(group, strip, cord, server.name, frame_x + (FRAME if strip.side > 0 else 0), y)


def _foot(group: draw.Group, rack: Rack, x: float, floor: float) -> None:
    for index, pdu in enumerate(rack.pdus.values()):
        y = floor + FOOT * (index + 0.75)
        short = pdu.name.removeprefix(f"{rack.name}-")
        words = (
            f"{short}: busway {pdu.busway}, feed {pdu.feed_a:g} A, {power(pdu.load_w)}, "
            f"{power(pdu.load_one_path_w)} with a path lost"
        )
        if pdu.hold:
            words += f", {hold_words(pdu.hold)}"
        group.append(draw.Rectangle(x, y - 4, 8, 8, fill=path_colour(pdu.path), stroke=PAPER))
        group.append(text(words, x + 14, y, 9, OVER if pdu.hold else INK))
    group.append(draw.Line(x, floor, x + rack_width(rack), floor, stroke=LINE, stroke_width=0.5))
