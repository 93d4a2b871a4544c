"""How often a BMC is asked again, and how long is waited in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import tenacity

from karst.redfish.errors import BusyError, LostError, RedfishError, UnreachableError

T = TypeVar("T")
Stop = Callable[[tenacity.RetryCallState], bool]

# A BMC that resets or stalls now and then is let try again; one that nobody answers for is given up sooner.
_ATTEMPTS = 6
_ATTEMPTS_UNREACHABLE = 3
# One that takes every request and answers none is given up before it holds up a whole run.
_PATIENCE_S = 120.0
# A login whose answer is lost may have counted as a failed one: fewer tries than any lockout threshold in the field
# (5 is usual), one of which may be spent on a refused credential.
_ATTEMPTS_LOGIN = 3
_LONGEST_PAUSE_S = 20.0
_PASSING = (LostError, UnreachableError, BusyError)


def _pause(state: tenacity.RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    wish = fault.retry_after_s if isinstance(fault, BusyError) else None
    if wish is not None:
        return min(wish, _LONGEST_PAUSE_S)
    return tenacity.wait_random_exponential(multiplier=0.2, max=5.0)(state)


def _enough(state: tenacity.RetryCallState) -> bool:
    fault = state.outcome.exception() if state.outcome else None
    attempts = _ATTEMPTS_UNREACHABLE if isinstance(fault, UnreachableError) else _ATTEMPTS
    return state.attempt_number >= attempts or (state.seconds_since_start or 0.0) > _PATIENCE_S


def retrying() -> tenacity.AsyncRetrying:
    """For what may be asked again until it is answered or all patience is spent."""
    return _retrying(_enough, _PASSING)


async def patiently(once: Callable[[], Awaitable[T]]) -> T:
    """`once`, and again as `retrying` says."""
    return await _on_failure(once, _enough, _PASSING)


async def login_patiently(once: Callable[[], Awaitable[T]], *faults: type[RedfishError]) -> T:
    """`once`, and again after these faults, as often as a login may be tried."""
    return await _on_failure(once, tenacity.stop_after_attempt(_ATTEMPTS_LOGIN), faults)


def _retrying(stop: Stop, faults: tuple[type[RedfishError], ...]) -> tenacity.AsyncRetrying:
    return tenacity.AsyncRetrying(stop=stop, wait=_pause, retry=tenacity.retry_if_exception_type(faults), reraise=True)


async def _on_failure(once: Callable[[], Awaitable[T]], stop: Stop, faults: tuple[type[RedfishError], ...]) -> T:
    """The machinery takes a tenth of the time of a request: it is set up when the first attempt has failed."""
    try:
        return await once()
    except faults as fault:
        failed = [fault]

    async def attempt() -> T:
        if failed:
            raise failed.pop()  # that was the first
        return await once()

    return await _retrying(stop, faults)(attempt)
