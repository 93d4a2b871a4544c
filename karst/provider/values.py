"""Property values between the wire and Python: secrets are remembered, unknowns are a value of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import ListValue, Struct, Value

# Pulumi's wire format: a special object has this key, whose value says what it is.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  (a constant of Pulumi's, no secret)
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """A value that is only known when the operation runs."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that Pulumi stores encrypted. The repr hides it."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


def read(message: Struct) -> dict[str, Any]:
    """A property map as Python; secrets stay wrapped in `Secret`."""
    return {key: _read(value) for key, value in message.fields.items()}


def _read(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_read(each) for each in value.list_value.values]
        case "struct_value":
            return _special(read(value.struct_value))
        case _:
            return None


def _special(found: dict[str, Any]) -> Any:
    match found.get(_SIGNATURE):
        case None:
            return found
        case signature if signature == _SECRET:
            return Secret(found.get("value"))
        case signature if signature == _OUTPUT:
            inner = found.get("value", UNKNOWN)
            return Secret(inner) if found.get("secret") is True else inner
        case _:
            raise ValueError("assets, archives and resources are no values of Karst's resources")


def write(properties: Mapping[str, Any]) -> Struct:
    """Python as a property map; what is None is left out."""
    message = Struct()
    for key, value in properties.items():
        if value is not None:
            _write(message.fields[key], value)
    return message


def _write(target: Value, value: Any) -> None:
    match value:
        case Unknown():
            target.string_value = _UNKNOWN
        case Secret():
            target.struct_value.CopyFrom(write({_SIGNATURE: _SECRET, "value": value.value}))
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case Mapping():
            target.struct_value.CopyFrom(write(value))
        case list() | tuple():
            target.list_value.CopyFrom(_list(value))
        case _:
            raise TypeError(f"{type(value).__name__} is no property value")


def _list(values: list[Any] | tuple[Any, ...]) -> ListValue:
    message = ListValue()
    for value in values:
        _write(message.values.add(), value)
    return message


def plain(value: Any) -> Any:
    """The same without secret wrapping."""
    match value:
        case Secret():
            return plain(value.value)
        case Mapping():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case _:
            return value


def has_secret(value: Any) -> bool:
    """Whether any part is secret."""
    return _any(value, Secret)


def has_unknown(value: Any) -> bool:
    """Whether any part is unknown."""
    return _any(value, Unknown)


def _any(value: Any, kind: type[Secret] | type[Unknown]) -> bool:
    if isinstance(value, kind):
        return True
    if isinstance(value, Secret):
        return _any(value.value, kind)
    if isinstance(value, Mapping):
        return any(_any(inner, kind) for inner in value.values())
    return isinstance(value, list | tuple) and any(_any(inner, kind) for inner in value)


def rewrap(value: Any, like: Any) -> Any:
    """`value` with the secrets of `like`: what was secret there is secret here."""
    match like:
        case Secret():
            return Secret(plain(value))
        case Mapping() if isinstance(value, Mapping):
            return {key: rewrap(inner, like.get(key)) for key, inner in value.items()}
        case list() if isinstance(value, list | tuple) and has_secret(like):
            return Secret(plain(list(value)))
        case _:
            return value
