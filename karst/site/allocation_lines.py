"""The text of `allocations.yml`: lines are added to the end of a section or removed; every other byte stays."""

from __future__ import annotations

import re

import orjson
from pydantic import ValidationError

from karst.site.allocate import FILE, Allocation
from karst.site.allocations import AllocationsFile, RackAllocation, SwitchAllocation
from karst.site.problems import Problem, Problems, SiteError
from karst.site.yaml import compose, plain

HEAD = """\
# Written by `karst allocate`, which adds lines and never changes one. `karst allocate --retire` removes the lines of
# racks and servers that are gone, whose numbers are then free again.
schema: 1
"""

_FORM = "one entry a line, as `karst allocate` writes them"


def added(text: str, allocation: Allocation, before: AllocationsFile) -> str:
    """Return the text with the allocation's lines added. `before` is what the text says now.

    Raises SiteError if the text is not in the form that this module writes, so that lines have no safe place.
    """
    lines = _Lines(text)
    lines.add(("racks",), [f"{name}: {_numbers(each)}" for name, each in allocation.racks.items()])
    lines.add(("switches",), [f"{name}: {_switch_numbers(each)}" for name, each in allocation.switches.items()])
    for cluster, members in allocation.control_plane.items():
        lines.add(("control_plane", cluster), [f"- {member}" for member in members])
    control_plane = dict(before.control_plane)
    for cluster, members in allocation.control_plane.items():
        control_plane[cluster] = (*control_plane.get(cluster, ()), *members)
    wanted = {
        "racks": {**before.racks, **allocation.racks},
        "switches": {**before.switches, **allocation.switches},
        "control_plane": control_plane,
    }
    return lines.text(before.model_copy(update=wanted))


def removed(text: str, allocation: Allocation, before: AllocationsFile) -> str:
    """Return the text without the allocation's lines. Raises SiteError as `added` does."""
    lines = _Lines(text)
    for name in allocation.racks:
        lines.remove(("racks",), re.compile(rf"{re.escape(name)}\s*:"))
    for name in allocation.switches:
        lines.remove(("switches",), re.compile(rf"{re.escape(name)}\s*:"))
    control_plane = dict(before.control_plane)
    for cluster, gone in allocation.control_plane.items():
        for member in gone:
            lines.remove(("control_plane", cluster), re.compile(rf"-\s+{re.escape(member)}\s*(#.*)?$"))
        control_plane[cluster] = tuple(member for member in control_plane[cluster] if member not in gone)
        if not control_plane[cluster]:
            lines.remove(("control_plane",), re.compile(rf"{re.escape(cluster)}\s*:"))
            del control_plane[cluster]
    racks = {name: each for name, each in before.racks.items() if name not in allocation.racks}
    switches = {name: each for name, each in before.switches.items() if name not in allocation.switches}
    for key, left in (("racks", racks), ("switches", switches), ("control_plane", control_plane)):
        if not left:  # a key without entries would be no map
            lines.remove((), re.compile(rf"{key}\s*:"))
    return lines.text(before.model_copy(update={"racks": racks, "switches": switches, "control_plane": control_plane}))


def _numbers(each: RackAllocation) -> str:
    return (
        f"{{ordinal: {each.ordinal}, out_of_band: {each.out_of_band}, "
        f"loopbacks: {each.loopbacks}, as_number: {each.as_number}}}"
    )


def _switch_numbers(each: SwitchAllocation) -> str:
    said = each.model_dump(mode="json", exclude_none=True)
    return "{" + ", ".join(f"{field}: {value}" for field, value in said.items()) + "}"


class _Lines:
    """The lines of the file, found by the keys above them."""

    def __init__(self, text: str) -> None:
        self._lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        self._end = "\r\n" if "\r\n" in text else "\n"

    def add(self, path: tuple[str, ...], new: list[str]) -> None:
        """Add lines under the key at `path`, after those that are there; the key too, if it is not."""
        if not new:
            return
        if path and self._find(path) is None:
            self.add(path[:-1], [f"{path[-1]}:"])
        found = self._find(path)
        start, end = found if found else (-1, len(self._lines))
        inside = [index for index in range(start + 1, end) if _says(self._lines[index])]
        last = inside[-1] if inside else start
        parent = _indent(self._lines[start]) if start >= 0 else -2
        indent = _indent(self._lines[inside[0]]) if inside and path else parent + 2
        if last >= 0 and not self._lines[last].endswith("\n"):
            self._lines[last] += self._end
        self._lines[last + 1 : last + 1] = [" " * indent + line + self._end for line in new]

    def remove(self, path: tuple[str, ...], pattern: re.Pattern[str]) -> None:
        """Remove the line under the key at `path` that matches; if there is none, `text` will tell."""
        start, end = self._find(path) or (0, 0)
        for index in range(start + 1, end):
            if pattern.match(self._lines[index].strip()):
                del self._lines[index]
                return

    def text(self, wanted: AllocationsFile) -> str:
        """Return the text, having read it back: it must say what is wanted and nothing else."""
        text = "".join(self._lines)
        problems = Problems()
        root = compose(text.encode(), FILE, problems)
        try:
            said = AllocationsFile.model_validate_json(orjson.dumps(plain(root)), strict=True) if root else None
        except ValidationError:
            said = None
        found = (said.racks, said.switches, said.control_plane) if said else None
        if found != (wanted.racks, wanted.switches, _without_empty(wanted)):
            raise SiteError([Problem(FILE, 1, "no safe place for lines to be added or removed", _FORM)])
        return text

    def _find(self, path: tuple[str, ...]) -> tuple[int, int] | None:
        """Return the index of the key's line and that of the first line after its entries."""
        start, end = -1, len(self._lines)
        for key in path:
            indent = min((_indent(line) for line in self._lines[start + 1 : end] if _says(line)), default=0)
            found = next(
                (
                    index
                    for index in range(start + 1, end)
                    if _indent(self._lines[index]) == indent
                    and re.match(rf"\s*{re.escape(key)}\s*:", self._lines[index])
                ),
                None,
            )
            if found is None:
                return None
            if not re.match(rf"\s*{re.escape(key)}\s*:\s*(#.*)?$", self._lines[found]):
                raise SiteError([Problem(FILE, found + 1, f'the entries of "{key}" are on the line of the key', _FORM)])
            start = found
            end = next((index for index in range(start + 1, end) if self._after(index, indent)), end)
        return start, end

    def _after(self, index: int, indent: int) -> bool:
        """Return whether a line is beyond the entries of a key; a list may be as far left as its key."""
        line = self._lines[index]
        return (
            _says(line) and _indent(line) <= indent and not (_indent(line) == indent and line.lstrip().startswith("- "))
        )


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _without_empty(allocations: AllocationsFile) -> dict[str, tuple[str, ...]]:
    return {cluster: members for cluster, members in allocations.control_plane.items() if members}
