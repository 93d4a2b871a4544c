"""Runs the Pulumi engine on a stack, by its command line, and watches its events.

The command line rather than the Automation API: Ctrl-C must reach the engine as a person's would, its full output must
lie in a log, and a run that was killed must leave a lock that says whose it was.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Literal

from karst.workspace.events import Follower, Run
from karst.workspace.stack import Stack

Action = Literal["up", "preview", "destroy"]

_POLL_S = 0.1
_FLAGS: Mapping[Action, tuple[str, ...]] = {
    # A preview of its own would read every BMC twice; `karst up --preview` is for who wants to look first.
    "up": ("--yes", "--skip-preview"),
    "preview": ("--diff",),
    "destroy": ("--yes", "--skip-preview"),
}


class InterruptedRunError(Exception):
    """The run was ended by SIGINT or SIGTERM, in good order; the next one goes on from there."""


def run(stack: Stack, action: Action, watch: Callable[[Run], None], echo: Callable[[str], None] | None = None) -> Run:
    """Run the engine to its end and return what it did; `watch` sees it several times a second, `echo` its output.

    A run that failed has `errors`; its whole output is in `log`. SIGINT and SIGTERM are handed to the engine, which
    finishes what it has begun; then InterruptedRunError is raised. A second one ends the engine at once.
    """
    label = f"{time.strftime('%Y%m%dT%H%M%S')}-{stack.name}-{action}"
    log, events = stack.paths.log(label), stack.paths.log(label, ".events.jsonl")
    stack.paths.logs.mkdir(mode=0o700, exist_ok=True)
    seen, event_log, output = Run(log=log), Follower(events), Follower(log)
    command = ["pulumi", action, "--stack", stack.name, *_FLAGS[action]]
    command += ["--non-interactive", "--color", "never", "--suppress-progress", "--event-log", str(events)]

    def catch_up() -> None:
        for event in event_log.events():
            seen.take(event)
        if echo:
            for line in output.lines():
                echo(line.decode(errors="replace"))
        watch(seen)

    with log.open("xb") as file, _signals() as caught:
        engine = subprocess.Popen(  # noqa: S603
            command,
            cwd=stack.paths.clone,
            # Without the first, `--event-log` does not exist.
            env={**stack.environment, "PULUMI_DEBUG_COMMANDS": "true"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            process_group=0,  # a terminal's Ctrl-C reaches the engine once: from here
        )
        interrupted = False
        while engine.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                engine.wait(_POLL_S)
            while caught:
                caught.pop()
                interrupted = True
                engine.send_signal(signal.SIGINT)
            catch_up()
        catch_up()
    events.unlink(missing_ok=True)  # the log says the same in words
    if interrupted:
        raise InterruptedRunError
    if engine.returncode and not seen.errors:
        seen.errors.append(_complaint(log.read_text(errors="replace"), engine.returncode))
    return seen


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects SIGINT and SIGTERM instead of dying of them."""
    caught: list[int] = []

    def catch(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _complaint(output: str, status: int) -> str:
    """What the engine said when it failed without an event: killed, locked out, or stopped before it began."""
    if status < 0:
        return f"the Pulumi engine was killed by {signal.Signals(-status).name}"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if line.startswith("error:")), max(0, len(lines) - 3))
    return "\n".join(lines[start:]).removeprefix("error: ") or f"pulumi ended with exit status {status}"
