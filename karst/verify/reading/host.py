"""What a host's probe printed, in the form that checks read. What it does not tell becomes a gap with its reason."""

from __future__ import annotations

import csv
import re
from typing import Any

from karst.ssh_ca import SshCaError, read_host_certificate
from karst.verify.observed import Clock, ObservedHost, TimeSource
from karst.verify.reading.said import SAID_MAX, NoDocumentError, Reading, reading_of

# `chronyc -c tracking` and `-c sources` of chrony 4 have so many columns.
_TRACKING, _SOURCE = 14, 10
_NOT_SYNCHRONISED = "Not synchronised"


def read(printed: bytes, authority: str) -> ObservedHost:
    """Return what a probe's document says. `authority`: public key of the SSH CA that signs hosts' keys.

    What is no such document is a host of which nothing was read.
    """
    try:
        reading = reading_of(printed)
    except NoDocumentError as fault:
        return ObservedHost(unread=str(fault))
    clock, sources = _chrony(reading)
    units = reading.text("failed_units", "failed_units")
    found: dict[str, Any] = {
        "name": reading.text("hostname", "name"),
        "key_id": _key_id(reading, authority),
        "release": _release(reading),
        "image_release": _image_release(reading),
        # Its exit status tells the same as its word.
        "state": reading.text("systemd", "state", any_status=True) or None,
        "failed_units": None if units is None else tuple(line.split()[0] for line in units.splitlines() if line),
        "clock": clock,
        "sources": sources,
    }
    return ObservedHost(**found, gaps=reading.gaps)


def _key_id(reading: Reading, authority: str) -> str | None:
    text = reading.text("certificate", "key_id")
    if text is None:
        return None
    try:
        return read_host_certificate(text.strip(), authority).key_id
    except SshCaError as fault:
        reading.gaps["key_id"] = str(fault)
        return None


def _release(reading: Reading) -> str | None:
    """`debian 12`, of os-release(5)."""
    text = reading.text("os_release", "release")
    if text is None:
        return None
    pairs = (line.partition("=") for line in text.splitlines())
    values = {key: value.strip("\"'") for key, _, value in pairs}
    if "ID" not in values or "VERSION_ID" not in values:
        reading.gaps["release"] = "os-release names no release"
        return None
    return f"{values['ID']} {values['VERSION_ID']}"


def _image_release(reading: Reading) -> str | None:
    """The same of the image as it was made: Debian's release is the version of its package base-files."""
    text = reading.text("image", "image_release")
    if text is None:
        return None
    found = re.search(r"^base-files (\d+)", text, re.MULTILINE)
    if found is None:
        reading.gaps["image_release"] = "/etc/karst-image names no base-files"
        return None
    return f"debian {found[1]}"


def _chrony(reading: Reading) -> tuple[Clock | None, dict[str, TimeSource] | None]:
    text = reading.text("chrony", "clock")
    if text is not None:
        try:
            return _parsed(text)
        except (ValueError, IndexError):
            reading.gaps["clock"] = f"chronyc said what cannot be read: {text[:SAID_MAX]}"
    reading.gaps["sources"] = reading.gaps["clock"]
    return None, None


def _parsed(text: str) -> tuple[Clock, dict[str, TimeSource]]:
    """Raises ValueError, IndexError."""
    first, *rows = csv.reader(text.splitlines())
    if len(first) != _TRACKING or any(len(row) != _SOURCE for row in rows):
        raise ValueError(text)
    clock = Clock(
        follows=None if first[13] == _NOT_SYNCHRONISED else first[1],
        offset_s=float(first[4]),
        delay_s=float(first[10]),
        dispersion_s=float(first[11]),
    )
    # The sign is chrony's: positive where the host is ahead of the source. Ours is the source's.
    sources = {
        row[2]: TimeSource(mark=row[1], answers=bool(int(row[5], 8)), offset_s=-float(row[7]), error_s=float(row[9]))
        for row in rows
    }
    return clock, sources
