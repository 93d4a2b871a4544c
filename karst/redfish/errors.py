"""What can go wrong with a BMC, as types; every message is a sentence fit for an operator, and holds no secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class RedfishError(Exception):
    """Anything that went wrong with a BMC."""


class UnreachableError(RedfishError):
    """No connection came about."""


class UntrustedError(RedfishError):
    """The BMC's certificate is not the expected one. `seen` is its SHA-256 (hex) where known."""

    def __init__(self, sentence: str, seen: str | None = None) -> None:
        super().__init__(sentence)
        self.seen = seen


class LostError(RedfishError):
    """The request was sent, but no whole answer came: it may or may not have had its effect."""


class UnobservedError(RedfishError):
    """The BMC does not offer what is needed; what is not observed never counts as fine."""


class TaskError(RedfishError):
    """A task that the BMC began did not end well, or not in time."""


class RefusedError(RedfishError):
    """The BMC answered with an error. `sentences` are those of Redfish's extended information."""

    def __init__(self, request: str, status: int, sentences: tuple[str, ...] = ()) -> None:
        said = " ".join(sentences) or "no reason given"
        super().__init__(f"{request} was refused with {status}: {said}")
        self.status = status
        self.sentences = sentences


class BusyError(RefusedError):
    """429, 502, 503 or 504: the request was not acted upon; `retry_after_s` is the BMC's own wish."""

    retry_after_s: float | None = None


class LoginRefusedError(RefusedError):
    """401: these credentials are not accepted."""


class MissingError(RefusedError):
    """404, 405 or 501: the BMC has no such resource."""


class StaleError(RefusedError):
    """412: the resource changed since it was read."""


class EtagRequiredError(RefusedError):
    """428: the BMC wants If-Match."""


_BY_STATUS: Mapping[int, type[RefusedError]] = {
    401: LoginRefusedError,
    404: MissingError,
    405: MissingError,
    412: StaleError,
    428: EtagRequiredError,
    429: BusyError,
    501: MissingError,
    502: BusyError,
    503: BusyError,
    504: BusyError,
}


def refusal(request: str, status: int, body: Any, retry_after: str | None, hidden: Iterable[str] = ()) -> RefusedError:
    """The error for an answer with status 400 and above; of `hidden` (secrets) nothing stays in it."""
    sentences = tuple(_scrub(each, hidden) for each in messages(body))
    error = _BY_STATUS.get(status, RefusedError)(request, status, sentences)
    if isinstance(error, BusyError) and retry_after is not None and retry_after.isdecimal():
        error.retry_after_s = float(retry_after)
    return error


def messages(body: Any) -> tuple[str, ...]:
    """The sentences of an error's or task's extended information, in order, each once."""
    if not isinstance(body, dict):
        return ()
    error = body.get("error", body)
    if not isinstance(error, dict):
        return ()
    found: list[str] = []
    for key in ("@Message.ExtendedInfo", "Messages"):
        entries = error.get(key)
        for entry in entries if isinstance(entries, list) else []:
            text = entry.get("Message") or entry.get("MessageId") if isinstance(entry, dict) else None
            if isinstance(text, str):
                found.append(text)
    if not found and isinstance(error.get("message"), str):
        found.append(error["message"])
    return tuple(dict.fromkeys(found))


def _scrub(text: str, hidden: Iterable[str]) -> str:
    for secret in hidden:
        if secret:
            text = text.replace(secret, "***")
    return text
