"""Checks of `site.yml` that need more than its own words."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from karst.site.draft import Draft
from karst.site.place import PlaceFile
from karst.site.problems import Problems, nearest
from karst.site.read import Document


def check_place(draft: Draft, problems: Problems) -> None:
    """Pass: the site is called as its folder is, and its time zone exists."""
    document, place = draft.place, draft.place.model
    if place is None:
        return
    if place.name != draft.folder:
        # Stacks find their site by its name: a copy that kept the old one would build the old site.
        what = f'name is "{place.name}", and the site\'s folder is "{draft.folder}"'
        problems.error(document.file, document.line("name"), what, draft.folder)
    _time_zone(document, place, problems)


def _time_zone(document: Document[PlaceFile], place: PlaceFile, problems: Problems) -> None:
    """Pass: the time zone is one of the IANA's, or this machine has no list of them."""
    try:
        ZoneInfo(place.time_zone)
    except (KeyError, ValueError, OSError):  # not found; not a name at all; a folder of zones
        known = available_timezones()
        if known:
            what = f'time_zone: there is no time zone "{place.time_zone}"'
            expected = "a name of the IANA such as Asia/Shanghai" + nearest(place.time_zone, known)
            problems.error(document.file, document.line("time_zone"), what, expected)
