"""What pydantic found, told as a sentence: file, line, what is wrong, what was expected, the nearest valid name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from karst.site.problems import Problems, likest, nearest, one_of
from karst.site.yaml import Node, find

Location = tuple[str | int, ...]

_SHAPES = {
    "string_type": "text (in quotes, if it looks like a number)",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "tuple_type": "a list",
    "too_short": "at least one entry",
    "string_too_short": "some text",
    "ip_v4_network": "an IPv4 network such as 10.64.0.0/16, with no bits set after its prefix",
    "ip_v4_address": "an IPv4 address such as 10.64.0.1",
    "date_type": "a day such as 2027-03-31",
    "date_parsing": "a day such as 2027-03-31",
    "date_from_datetime_parsing": "a day such as 2027-03-31",
    "date_from_datetime_inexact": "a day such as 2027-03-31",
    "uuid_type": "a UUID",
    "uuid_parsing": "a UUID",
}

_PATTERNS = {
    r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$": "lower-case letters, digits and hyphens, with a letter or digit at each end",
    r"^[A-Z]$": "a path: one capital letter",
    r"^[A-Z]{2}$": "a country code such as CN",
    r"^https://": "an address that begins with https://",
    r"^1\.\d+\.\d+$": "a version such as 1.34.2",
    r"^\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*$": "positions such as 1-10 or 1-3,5",
    r"^(view|edit|admin)$": "one of admin, edit, view",
    r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$": "a MAC address such as 02:00:5e:10:00:01",
    r"^[0-9a-f]{64}$": "a SHA-256 fingerprint: 64 hexadecimal digits",
}

_LIMITS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "greater_than": lambda ctx: f"more than {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"at least {ctx['ge']:g}",
    "less_than": lambda ctx: f"less than {ctx['lt']:g}",
    "less_than_equal": lambda ctx: f"at most {ctx['le']:g}",
    "string_too_long": lambda ctx: f"at most {ctx['max_length']} characters",
    "string_pattern_mismatch": lambda ctx: _PATTERNS.get(ctx["pattern"], f"text that matches {ctx['pattern']}"),
}


_VALUE_TYPES: Mapping[object, str] = {IPv4Address: "ip_v4_address", IPv4Network: "ip_v4_network"}


def tell(errors: Sequence[ErrorDetails], model: type[BaseModel], root: Node, file: str, problems: Problems) -> None:
    """Add the problems that `errors` are, found when validating the tree under `root` as `model`.

    A key that is but misspelt is not told as missing too, and what is already known to be unclear is not told again.
    """
    meant = {
        (*error["loc"][:-1], likest(str(error["loc"][-1]), keys(model, error["loc"][:-1])))
        for error in errors
        if error["type"] == "extra_forbidden"
    }
    for error in errors:
        kind, location = error["type"], error["loc"]
        if kind == "missing" and location in meant:
            continue
        if kind not in ("missing", "extra_forbidden") and find(root, location).unclear:
            continue
        if kind == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
            continue  # its entries are faulty, not too few, and each is told
        _tell(error, model, root, file, problems)
        if location and location[-1] == "[key]":
            find(root, location[:-2]).unclear = True  # the name that was meant is not known


def _tell(error: ErrorDetails, model: type[BaseModel], root: Node, file: str, problems: Problems) -> None:
    location = error["loc"]
    line = find(root, location).line
    where, last = place(location[:-1]), location[-1] if location else ""
    kind = error["type"]
    if kind == "extra_forbidden":
        known = keys(model, location[:-1])
        problems.error(file, line, f'unknown key "{last}" in {where}', one_of(known) + nearest(str(last), known))
    elif kind == "missing":
        line = find(root, location[:-1]).line
        problems.error(
            file, line, f'{where} has no "{last}"', "the keys " + ", ".join(keys(model, location[:-1], True))
        )
    elif last == "[key]":
        problems.error(file, line, f'"{location[-2]}" in {place(location[:-2])} is no name', _expected(error, model))
    else:
        problems.error(file, line, f"{place(location)} is {show(error['input'])}", _expected(error, model))


def place(location: Location) -> str:
    """Return a location as people write it: `busways.h1-a.fed_from[1]`, counted from 1; the root is `the file`."""
    text = ""
    for step in location:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".") or "the file"


def keys(model: type[BaseModel], location: Location, required: bool = False) -> list[str]:
    """Return the keys that the model at `location` under `model` knows, or of these the required ones."""
    at = _type_at(model, location)
    if not (isinstance(at, type) and issubclass(at, BaseModel)):
        return []
    return [info.alias or name for name, info in at.model_fields.items() if info.is_required() or not required]


def _type_at(model: type[BaseModel], location: Location) -> object:
    at: object = model
    for step in location:
        at = _step(at, step)
    return at


def _step(at: object, step: str | int) -> object:
    if isinstance(at, type) and issubclass(at, BaseModel):
        for name, info in at.model_fields.items():
            if step in (name, info.alias):
                return _bare(info.annotation)
        return None
    arguments = get_args(at)
    return _bare(arguments[1] if get_origin(at) is dict else arguments[0]) if arguments else None


def _bare(annotation: object) -> object:
    """Return the annotation without `Annotated` and without `None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return next(_bare(part) for part in get_args(annotation) if part is not type(None))
    return annotation


def _expected(error: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("enum", "literal_error"):
        words = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return one_of(words) + nearest(str(error["input"]), words)
    if kind == "value_error":
        # The types of the standard library raise it; what they say speaks of their own workings.
        return _SHAPES[_VALUE_TYPES.get(_type_at(model, error["loc"]), "string_type")]
    if kind in _LIMITS:
        return _LIMITS[kind](context)
    return _SHAPES.get(kind) or error["msg"]


def show(value: object) -> str:
    """Return a value as one would write it, shortened; of a map or list only that it is one."""
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + '…"'
