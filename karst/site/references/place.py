"""Checks of `site.yml` that need more than its own words."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from karst.site.draft import Draft
from karst.site.problems import Problems, nearest


def check_place(draft: Draft, problems: Problems) -> None:
    """Pass: the time zone is one of the IANA's, or this machine has no list of them."""
    document, place = draft.place, draft.place.model
    if place is None:
        return
    try:
        ZoneInfo(place.time_zone)
    except (KeyError, ValueError, OSError):  # not found; not a name at all; a folder of zones
        known = available_timezones()
        if known:
            what = f'time_zone: there is no time zone "{place.time_zone}"'
            expected = "a name of the IANA such as Asia/Shanghai" + nearest(place.time_zone, known)
            problems.error(document.file, document.line("time_zone"), what, expected)
