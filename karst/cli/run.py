"""Runs one stack's engine for a command: waits for who holds it, shows how far it is, says what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from karst.cli.console import Ticker, complain, err, say
from karst.workspace import leftovers
from karst.workspace.engine import Action, run
from karst.workspace.events import Run
from karst.workspace.stack import Stack

_POLL_S = 0.5
_LOCKED = "the stack is currently locked"  # Pulumi's words
# Somebody may take the lock between our look at it and the engine's own, which then does nothing. To lose that race,
# of milliseconds, more often than this means a lock that we do not see.
_LOST_RACES = 5
_SAID = 20  # lines a stack; more than fit on a screen help nobody

_DONE: Mapping[str, str] = {
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "replace": "replaced",
    "import": "imported",
}


def run_stack(stack: Stack, action: Action, expected: int, verbose: bool) -> Run:
    """Run the engine on the stack. `expected` is how many resources the program will declare, 0 if unknown.

    Raises InterruptedRunError, WorkspaceError. A run that failed has `errors`, which were said.
    """
    wait_until_free(stack)
    began = time.monotonic()
    seen = _run(stack, action, expected, verbose)
    for _ in range(_LOST_RACES):
        if _LOCKED not in " ".join(seen.errors):
            break
        time.sleep(_POLL_S)
        wait_until_free(stack)
        seen = _run(stack, action, expected, verbose)
    say(stack.name, f"{_outcome(action, seen)} ({time.monotonic() - began:.0f} s)")
    for line in _differences(seen):
        say("", line)
    for line in _limited([line for message in seen.informed for line in message.splitlines()], seen):
        say("", line)
    for warning in seen.warnings:
        complain(warning)
    for error in seen.errors:
        complain(error)
    if seen.errors:
        complain(f"the whole output: {seen.log}")
    return seen


def _run(stack: Stack, action: Action, expected: int, verbose: bool) -> Run:
    with Ticker(stack.name) as ticker:
        return run(
            stack,
            action,
            lambda so_far: ticker.tell(_progress(action, so_far, expected)),
            (lambda line: err.print(line, markup=False)) if verbose else None,
        )


def wait_until_free(stack: Stack) -> None:
    """Clear up after a dead run; wait for a living one, which is somebody's work, to end. Raises WorkspaceError."""
    leftovers.end(stack.paths)
    if stack.unlock():
        say(stack.name, "cleared the lock of a run that was killed")
    if holders := stack.holders():
        say(stack.name, f"waiting for another run of Pulumi, process {holders[0].pid} on {holders[0].host}")
    while stack.is_locked and not stack.unlock():
        time.sleep(_POLL_S)


def _progress(action: Action, seen: Run, expected: int) -> str:
    verb = {"up": "building", "preview": "looking", "destroy": "destroying"}[action]
    done = sum(count for kind, count in seen.done.items() if not kind.startswith("pulumi:"))
    said = f"{verb}, {done} of {expected} resources" if expected else f"{verb}, {done} resources"
    return f"{said}; {seen.told}" if seen.told else said


def _outcome(action: Action, seen: Run) -> str:
    counts = ", ".join(f"{count} {_DONE.get(operation, operation)}" for operation, count in seen.changing.items())
    if seen.errors:
        return f"failed; {counts}" if counts else "failed"
    if not seen.changes:
        return "nothing changed" if action != "preview" else "nothing would change"
    return f"would be {counts}" if action == "preview" else counts


def _differences(seen: Run) -> list[str]:
    """Which property of which resource is, or would be, changed: what a person wants to know before anything else."""
    return _limited([f"{name}: {path}" for name in seen.changed for path in seen.differing.get(name, ())], seen)


def _limited(lines: list[str], seen: Run) -> list[str]:
    if len(lines) <= _SAID:
        return lines
    return [*lines[:_SAID], f"… and {len(lines) - _SAID:,} more, in {seen.log}"]
