"""The answer of a time source, and what may be changed of it. What hosts make of it: tests/verify/test_hosts.py."""

from __future__ import annotations

import struct
import time
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from karst.twin.time_sources import TimeSources, answer

ADDRESSES = {"ntp-1": IPv4Address("10.72.0.11"), "ntp-2": IPv4Address("10.72.0.12")}
# Version 4, client; poll 6; the asker's own time of sending.
REQUEST = struct.pack("!BBBb36xQ", 0b00_100_011, 0, 6, -20, 0x0123456789ABCDEF)
NTP_EPOCH_S = 2_208_988_800


def seconds(stamp: int) -> float:
    return stamp / 2**32 - NTP_EPOCH_S


@pytest.mark.parametrize("offset_s", [0.0, 5.0, -5.0])
def test_it_tells_its_time_and_hands_the_asker_s_back(offset_s: float) -> None:
    now = time.time()
    first, stratum, poll, _, _, _, _, _, origin, received, sent = struct.unpack(
        "!BBBbII4sQQQQ", answer(REQUEST, now - 0.25, offset_s)
    )
    assert (first, stratum, poll) == (0b00_100_100, 1, 6)
    assert origin == 0x0123456789ABCDEF
    # That the request waited a quarter of a second before it was looked at is no part of the way.
    assert seconds(received) == pytest.approx(now - 0.25 + offset_s, abs=1e-3)
    assert seconds(sent) == pytest.approx(now + offset_s, abs=0.5)


@pytest.mark.parametrize("request_", [b"", REQUEST[:47], b"\x24" + REQUEST[1:]])
def test_it_answers_clients_alone(request_: bytes) -> None:
    assert answer(request_, time.time(), 0.0) == b""


def test_what_is_wrong_is_kept(tmp_path: Path) -> None:
    sources = TimeSources(tmp_path / "time.json", ADDRESSES)
    sources.change(b'{"ntp-2": {"offset_s": 5}}')
    again = TimeSources(tmp_path / "time.json", ADDRESSES)
    assert again.body() == {
        "ntp-1": {"address": "10.72.0.11", "offset_s": 0.0, "lost": False},
        "ntp-2": {"address": "10.72.0.12", "offset_s": 5.0, "lost": False},
    }
    again.change(b'{"ntp-2": null}')
    assert (tmp_path / "time.json").read_bytes() == b"{}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (b'{"ntp-3": {}}', "there is no time source ntp-3"),
        (b'{"ntp-1": {"offset": 5}}', "Extra inputs"),
        (b'{"ntp-1": {"offset_s": 1e9}}', "less than or equal to 86400"),
    ],
)
def test_what_cannot_be_changes_nothing(tmp_path: Path, change: bytes, sentence: str) -> None:
    sources = TimeSources(tmp_path / "time.json", ADDRESSES)
    with pytest.raises(ValueError, match=sentence):
        sources.change(change)
    assert sources.body()["ntp-1"]["offset_s"] == 0.0
