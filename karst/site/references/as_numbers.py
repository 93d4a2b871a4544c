"""Checks of the AS numbers in `network.yml`."""

from __future__ import annotations

from karst.site.network import NetworkFile
from karst.site.problems import Problems
from karst.site.read import Document
from karst.site.references.refer import Path


def check_as_numbers(document: Document[NetworkFile], network: NetworkFile, problems: Problems) -> None:
    """Pass: no number can be given twice: the ranges are apart, and single numbers are outside of both."""
    ranges = {"as_numbers": network.as_numbers, "switch_as_numbers": network.switch_as_numbers}
    for name, numbers in ranges.items():
        if numbers.first > numbers.last:
            what = f"{name}: first {numbers.first} is above last {numbers.last}"
            problems.error(document.file, document.line(name), what, "first, then last")
    racks, switches = ranges.values()
    if racks.first <= switches.last and switches.first <= racks.last:
        what = (
            f"switch_as_numbers, {switches.first} to {switches.last}, overlap as_numbers, {racks.first} to {racks.last}"
        )
        problems.error(document.file, document.line("switch_as_numbers"), what, "ranges that share no number")
    singles: dict[Path, tuple[str, int]] = {
        ("carriers", name, "as_number"): (f"carriers.{name}", carrier.as_number)
        for name, carrier in network.carriers.items()
    }
    for path, (who, number) in singles.items():
        if number == network.fabric.spine.as_number:
            problems.error(document.file, document.line(*path), f"{who}: AS {number} is the spines'", "another")
    singles["fabric", "spine", "as_number"] = ("fabric.spine", network.fabric.spine.as_number)
    for path, (who, number) in singles.items():
        for name, numbers in ranges.items():
            if number in numbers:
                what = f"{who}: AS {number} is in the range of {name}"
                expected = f"one outside {numbers.first} to {numbers.last}"
                problems.error(document.file, document.line(*path), what, expected)
