"""Checks of `site.yml` that need more than its own words."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from karst.site.draft import Draft
from karst.site.place import PlaceFile
from karst.site.problems import Problems, nearest
from karst.site.read import Document
from karst.site.references.refer import refer


def check_place(draft: Draft, problems: Problems) -> None:
    """Pass: the site is called as its folder is, its time zone exists, and so do the paths of its UPS servers."""
    document, place = draft.place, draft.place.model
    if place is None:
        return
    if place.name != draft.folder:
        # Stacks find their site by its name: a copy that kept the old one would build the old site.
        what = f'name is "{place.name}", and the site\'s folder is "{draft.folder}"'
        problems.error(document.file, document.line("name"), what, draft.folder)
    _time_zone(document, place, problems)
    _ups_servers(draft, place, problems)


def _ups_servers(draft: Draft, place: PlaceFile, problems: Problems) -> None:
    """Pass: each tells of a path that there is, and no two of the same."""
    document, known = draft.place, draft.power.names("paths")
    seen: dict[str, str] = {}
    for index, server in enumerate(place.services.ups_servers):
        here = ("services", "ups_servers", index, "path")
        refer(document, here, server.path, "path", known, problems)
        if server.path in seen:
            what = f"services.ups_servers: {server.name} and {seen[server.path]} both tell of path {server.path}"
            problems.error(document.file, document.line(*here), what, "one server a path")
        seen.setdefault(server.path, server.name)


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
