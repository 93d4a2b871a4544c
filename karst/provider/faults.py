"""What is wrong with inputs, as sentences with a property path."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `path` as Pulumi writes it: `servers["h1-r1-01-s03"].settings.BootMode`."""

    path: str
    reason: str


def path_of(*keys: str | int) -> str:
    """A property path: names with other signs than letters, digits and underscores are quoted."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        elif key.replace("_", "a").isalnum() and not key[0].isdigit():
            path += f".{key}" if path else key
        else:
            path += f'["{key}"]'
    return path


def faults_of(error: ValidationError) -> list[Fault]:
    """Every fault that pydantic found. The offending value is not repeated: it may be a secret."""
    found = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        message = "is no property of this resource" if each["type"] == "unexpected_keyword_argument" else each["msg"]
        found.append(Fault(path_of(*each["loc"]), message))
    return found
