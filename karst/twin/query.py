"""Query parameters of a GET: $expand, $select, $top, $skip and only, where a shape has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from karst.twin.errors import RedfishError, refuse
from karst.twin.shapes import Shape
from karst.twin.state import Json

LEVELS_MAX = 3
_EXPAND = re.compile(r"^([.*~])(\(\$levels=(\d+)\))?$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query asks for."""

    expand: str = ""  # ".", "*", "~"
    levels: int = 1
    select: tuple[str, ...] = ()
    top: int | None = None
    skip: int = 0
    only: bool = False


def queries(shape: Shape, query: dict[str, str]) -> Wanted:
    """Parse a query. Raises RedfishError: 501 for a `$` parameter that the shape lacks, 400 for a bad value.

    Other unknown parameters are ignored, as DSP0266 says.
    """
    expand, levels, only = "", 1, False
    select: tuple[str, ...] = ()
    numbers: dict[str, int] = {}
    for name, value in query.items():
        if name == "$expand" and shape.expand:
            found = _EXPAND.match(value)
            if not found or not 1 <= int(found[3] or 1) <= LEVELS_MAX:
                raise refuse(400, "QueryParameterValueError", value, name)
            expand, levels = found[1], int(found[3] or 1)
        elif name == "$select" and shape.select:
            select = tuple(part.strip() for part in value.split(",") if part.strip())
        elif name in ("$top", "$skip") and shape.select:
            if not value.isdigit():
                raise refuse(400, "QueryParameterValueError", value, name)
            numbers[name] = int(value)
        elif name == "only" and shape.select:
            if value:
                raise refuse(400, "QueryParameterValueError", value, name)
            only = True
        elif name.startswith("$"):
            raise refuse(501, "QueryNotSupported")
    return Wanted(expand, levels, select, numbers.get("$top"), numbers.get("$skip", 0), only)


def narrow(body: Json, wanted: Wanted, fetch: Callable[[str], Json]) -> Json:
    """Apply a query to a resource. `fetch` gives the resource at a path. Raises RedfishError (400)."""
    members = body.get("Members")
    if isinstance(members, list):
        if wanted.only and len(members) == 1:
            body = fetch(members[0]["@odata.id"].rstrip("/"))
        elif wanted.top is not None or wanted.skip:
            body["Members"] = members[wanted.skip :][: wanted.top]
    elif wanted.only or wanted.top is not None or wanted.skip:
        raise refuse(400, "QueryNotSupportedOnResource")
    if wanted.expand:
        body = _expanded(body, wanted.expand, wanted.levels, fetch)
    if wanted.select:
        body = _selected(body, wanted.select)
    return body


def _expanded(body: Json, kind: str, levels: int, fetch: Callable[[str], Json]) -> Json:
    def walk(part: Any, in_links: bool) -> Any:
        if isinstance(part, list):
            return [walk(each, in_links) for each in part]
        if not isinstance(part, dict):
            return part
        if len(part) == 1 and "@odata.id" in part:
            path = part["@odata.id"].rstrip("/")
            wanted = kind == "*" or (kind == "~") == in_links
            if not wanted or "#" in path or path == body["@odata.id"].rstrip("/"):
                return part
            try:
                found = fetch(path)
            except RedfishError as refused:
                if refused.status != 404:
                    raise
                return part  # listed and not to be had: it stays a link
            return _expanded(found, kind, levels - 1, fetch) if levels > 1 else found
        return {key: walk(value, in_links or key == "Links") for key, value in part.items()}

    return {key: walk(value, key == "Links") for key, value in body.items()}


def _selected(body: Json, names: tuple[str, ...]) -> Json:
    made: Json = {key: value for key, value in body.items() if key.startswith("@odata.")}
    for name in names:
        source: Any = body
        target = made
        *way, last = name.split("/")
        for step in way:
            source = source.get(step, {}) if isinstance(source, dict) else {}
            target = target.setdefault(step, {})
        if isinstance(source, dict) and last in source:
            target[last] = source[last]
    return made
