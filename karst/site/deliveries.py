"""Reads `assets.csv`: what vendors send, with their ways of writing MAC addresses and fingerprints."""

from __future__ import annotations

import csv
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from karst.site.assets import Asset
from karst.site.problems import Problems, nearest, one_of
from karst.site.read import read_bytes
from karst.site.sentences import tell
from karst.site.yaml import Node, decode

FILE = "assets.csv"
HEADER = tuple(Asset.model_fields)

# Columns in which no two devices may share a value.
UNIQUE = {
    "device": "device",
    "serial_number": "serial number",
    "uuid": "UUID",
    "bmc_mac": "MAC address",
    "certificate_sha256": "certificate fingerprint",
}

# What vendors put between digits.
_OF_MACS, _OF_HASHES = str.maketrans("", "", ":. -"), str.maketrans("", "", ": ")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The assets by device, and the line of each."""

    assets: Mapping[str, Asset]
    lines: Mapping[str, int]


def read_assets(path: Path, problems: Problems) -> Deliveries | None:
    """Return the sound lines of the file, or nothing if it cannot be read as such a table."""
    data = read_bytes(path, FILE, problems)
    text = decode(data, FILE, problems) if data is not None else None
    if text is None:
        return None
    rows = _rows(text, problems)
    if not rows:
        problems.error(FILE, 1, "the file is empty", "the header " + ",".join(HEADER))
        return None
    (line, header), *rest = rows
    if not _header_known(header, line, problems):
        return None
    assets: dict[str, Asset] = {}
    lines: dict[str, int] = {}
    seen: dict[str, dict[Hashable, int]] = {column: {} for column in UNIQUE}
    for line, row in rest:
        asset = _asset(row, header, line, problems)
        if asset and not _repeats(asset, line, seen, problems):
            assets[asset.device], lines[asset.device] = asset, line
    return Deliveries(assets, lines)


def _rows(text: str, problems: Problems) -> list[tuple[int, list[str]]]:
    """Return the lines that are not blank, with their number, split and stripped."""
    reader = csv.reader(text.splitlines(), strict=True)
    rows = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        problems.error(
            FILE, reader.line_num, f"not CSV: {error}", "values between commas, in pairs of quotes if need be"
        )
    return rows


def _header_known(header: list[str], line: int, problems: Problems) -> bool:
    before = len(problems)
    for name in header:
        if name not in HEADER:
            problems.error(FILE, line, f'unknown column "{name}"', one_of(HEADER) + nearest(name, HEADER))
        elif header.count(name) > 1:
            problems.error(FILE, line, f'column "{name}" stands twice', "every column once")
    for name in HEADER:
        if name not in header:
            problems.error(FILE, line, f'column "{name}" is missing', "the header " + ",".join(HEADER))
    return len(problems) == before


def _asset(row: list[str], header: list[str], line: int, problems: Problems) -> Asset | None:
    if len(row) != len(header):
        problems.error(FILE, line, f"{len(row)} values", f"{len(header)}: " + ",".join(header))
        return None
    values = dict(zip(header, row, strict=True))
    values["bmc_mac"] = _colons(values["bmc_mac"])
    values["certificate_sha256"] = values["certificate_sha256"].translate(_OF_HASHES).lower()
    try:
        return Asset.model_validate_strings(values)
    except ValidationError as error:
        tell(error.errors(include_url=False), Asset, Node(line, None), FILE, problems)
        return None


def _colons(mac: str) -> str:
    """Return a MAC address as `02:00:5e:10:00:01`, from that, `02-00-5E-…`, `0200.5e10.0001` or bare digits."""
    digits = mac.translate(_OF_MACS).lower()
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2)) if len(digits) == 12 else mac


def _repeats(asset: Asset, line: int, seen: dict[str, dict[Hashable, int]], problems: Problems) -> bool:
    """Report values that an earlier line has too."""
    repeats = False
    for column, noun in UNIQUE.items():
        value = getattr(asset, column)
        first = seen[column].setdefault(value, line)
        if first != line:
            problems.error(
                FILE, line, f"{noun} {value} is that of line {first} too", f"a {noun} of its own for every device"
            )
            repeats = True
    return repeats
