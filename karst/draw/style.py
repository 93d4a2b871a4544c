"""How drawings look: sizes in SVG user units (a pixel at 100 %), colours that also tell apart without colour vision."""

from __future__ import annotations

from dataclasses import dataclass

import drawsvg as draw

from karst.site.base import Status

UNIT = 16  # height of a rack unit
FRAME = 340  # width of the rack, unit numbers and devices
NUMBERS = 26  # width of the column of unit numbers
GUTTER = 48  # where cords run
STRIP = 66  # width of a rack PDU
HEAD = 64  # above a rack: its name and its budget
FOOT = 16  # below a rack, for each of its PDUs: a line
GAP = 36  # between racks
MARGIN = 24

FONT = "DejaVu Sans, Noto Sans, Noto Sans CJK SC, sans-serif"
INK = "#1c2733"
FAINT = "#7b8794"
LINE = "#c3ccd5"
PAPER = "#ffffff"
OVER = "#c0182b"
LOAD = "#4a5b6c"
HELD = "3,2"  # dashes of the frame around a device that is held

# Blue and orange differ for every kind of colour vision.
_PATHS = ("#1f6fb2", "#d9730d", "#5b7f2b", "#7a4fa3")


@dataclass(frozen=True, slots=True)
class Look:
    """How a status is painted."""

    fill: str
    edge: str
    dash: str = "none"


STATUSES = {
    Status.PLANNED: Look("#ffffff", "#9aa5b1", "4,3"),
    Status.STAGED: Look("#fff3c4", "#c99a06"),
    Status.ACTIVE: Look("#dff2e1", "#3c8c4a"),
    Status.OFFLINE: Look("#e4e7eb", "#616e7c"),
    Status.FAILED: Look("#fbd5d5", "#c0182b"),
    Status.DECOMMISSIONING: Look("#ece1f7", "#7a4fa3", "8,3"),
}


def path_colour(path: str) -> str:
    """Return the colour of a distribution path."""
    return _PATHS[(ord(path) - ord("A")) % len(_PATHS)]


def text(
    words: str,
    x: float,
    y: float,
    size: float = 10,
    colour: str = INK,
    anchor: str = "start",
    weight: str = "normal",
) -> draw.Text:
    """Return text whose middle line lies at `y`."""
    # Not dominant-baseline, which renderers disagree about: capitals are some 0.7 of the size high.
    baseline = round(y + size * 0.35, 2)
    return draw.Text(words, size, x, baseline, fill=colour, text_anchor=anchor, font_weight=weight, font_family=FONT)


def bar(group: draw.Group, x: float, y: float, width: float, height: float, share: float) -> None:
    """Draw how much of a limit is used; over the limit the whole bar is red."""
    group.append(draw.Rectangle(x, y, width, height, fill=PAPER, stroke=LINE))
    used = round(width * min(share, 1.0), 2)
    group.append(draw.Rectangle(x, y, used, height, fill=LOAD if share <= 1 else OVER))


def power(watts: float) -> str:
    """Return watts as people read them: `420 W`, `1.92 kW`."""
    return f"{watts:.0f} W" if watts < 1000 else f"{watts / 1000:.2f} kW"
