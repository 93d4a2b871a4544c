"""202 Accepted: a change that takes a while, followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import Protocol

from karst.redfish.errors import MissingError, TaskError, messages
from karst.redfish.resource import Resource
from karst.redfish.transport import Answer

_PATIENCE_S = 300.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_UNDER_WAY = {"New", "Starting", "Running", "Pending", "Suspended", "Stopping", "Cancelling", "Service", "Interrupted"}


class Request(Protocol):
    """A request that may be repeated."""

    def __call__(self, method: str, path: str) -> Awaitable[Answer]:
        """Send it, and again if need be."""


async def finish(answer: Answer, request: Request) -> Answer:
    """The answer that the accepted request comes to. Raises TaskError, and Refused if the act itself was refused."""
    task = Resource("", answer.body)
    monitor = answer.headers.get("Location") or task.text("TaskMonitor") or task.text("@odata.id")
    if monitor is None:
        raise TaskError("the BMC accepted a request but named no task to follow")
    path = monitor if monitor.startswith("/") else "/" + monitor.partition("://")[2].partition("/")[2]
    deadline = monotonic() + _PATIENCE_S
    pause = _FIRST_PAUSE_S
    while monotonic() < deadline:
        wish = answer.headers.get("Retry-After", "")
        await asyncio.sleep(min(float(wish), _LONGEST_PAUSE_S) if wish.isdecimal() else pause)
        pause = min(pause * 1.6, _LONGEST_PAUSE_S)
        try:
            answer = await request("GET", path)
        except MissingError:
            # A monitor may go away once its task is done; the caller reads back what it wanted.
            return Answer(204, {}, {})
        if answer.status != 202 and _ended(Resource(path, answer.body)):
            return answer
    raise TaskError(f"the task {path} did not end within {_PATIENCE_S:.0f} s")


def _ended(task: Resource) -> bool:
    state = task.text("TaskState")
    if state is None or state == "Completed":
        status = task.text("TaskStatus")
        if state is not None and status in ("Critical",):
            raise TaskError(_sentence(task, "Completed with errors"))
        return True
    if state in _UNDER_WAY:
        return False
    raise TaskError(_sentence(task, state))


def _sentence(task: Resource, state: str) -> str:
    said = " ".join(messages(dict(task.body))) or "no reason given"
    return f"the task {task.path} ended as {state}: {said}"
