"""How often a BMC is asked again, and how long is waited in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import tenacity

from karst.redfish.errors import BusyError, LostError, RedfishError, UnreachableError

P = ParamSpec("P")
T = TypeVar("T")

# A BMC that resets or stalls now and then is let try again; one that nobody answers for is given up sooner.
_ATTEMPTS = 6
_ATTEMPTS_UNREACHABLE = 3
# One that takes every request and answers none is given up before it holds up a whole run.
_PATIENCE_S = 120.0
# A login whose answer is lost may have counted as a failed one: fewer tries than any lockout threshold in the field
# (5 is usual), one of which may be spent on a refused credential.
_ATTEMPTS_LOGIN = 3
_LONGEST_PAUSE_S = 20.0


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


@dataclass(frozen=True, slots=True)
class Patience:
    """Call it with what is to be tried, or go through the attempts: `async for attempt in patience: with attempt: …`"""

    stop: Callable[[tenacity.RetryCallState], bool]
    faults: tuple[type[RedfishError], ...]

    async def __call__(self, once: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `once` returns in the end; its last fault if there is no end to them."""
        # The machinery takes a tenth of the time of a request: it is set up when the first attempt has failed.
        try:
            return await once(*args, **kwargs)
        except self.faults as fault:
            failed = [fault]

        async def attempt() -> T:
            if failed:
                raise failed.pop()  # that was the first
            return await once(*args, **kwargs)

        return await self._machinery()(attempt)

    def __aiter__(self) -> AsyncIterator[tenacity.AttemptManager]:
        return self._machinery().__aiter__()

    def _machinery(self) -> tenacity.AsyncRetrying:
        again = tenacity.retry_if_exception_type(self.faults)
        return tenacity.AsyncRetrying(stop=self.stop, wait=_pause, retry=again, reraise=True)


_PASSING = Patience(_enough, (LostError, UnreachableError, BusyError))


def retrying() -> Patience:
    """For what may be asked again until it is answered or all patience is spent."""
    return _PASSING


def retrying_login(*faults: type[RedfishError]) -> Patience:
    """For logins: again after these faults, as often as a login may be tried."""
    return Patience(tenacity.stop_after_attempt(_ATTEMPTS_LOGIN), faults)
