"""Changes that may wait in a task: each by name, so that a task survives a crash of the twin."""

from __future__ import annotations

from collections.abc import Callable

from karst.twin.bmc import Bmc
from karst.twin.errors import RedfishError
from karst.twin.messages import Change
from karst.twin.rules import put
from karst.twin.state import Json, Settings, Task, Tasks

Operation = Callable[[Bmc, Json], None]
OPERATIONS: dict[str, Operation] = {}

TASKS_KEPT = 64


def operation(name: str) -> Callable[[Operation], Operation]:
    """Register what carries out the operation of that name."""

    def register(function: Operation) -> Operation:
        OPERATIONS[name] = function
        return function

    return register


def carry_out(bmc: Bmc, change: Change, path: str, status: int) -> Task | None:
    """Make the change now, or begin a task where the shape does that for this operation.

    `path` and `status` say what the task's monitor answers in the end.
    """
    if change.operation not in bmc.shape.deferred:
        OPERATIONS[change.operation](bmc, change.arguments)
        return None
    tasks = bmc.get(Tasks)
    now = bmc.world.now()
    due = now + bmc.world.timing.task_s
    task = Task(str(tasks.next_id), change.operation, change.arguments, now, due)
    task.path, task.status, task.made = path, status, change.created
    tasks.tasks[task.id] = task
    tasks.next_id += 1
    ended = [each.id for each in tasks.tasks.values() if each.state != "Running"]
    for each in ended[: max(0, len(tasks.tasks) - TASKS_KEPT)]:
        del tasks.tasks[each]
    bmc.changed(tasks)
    bmc.world.later(bmc.world.timing.task_s, resume, bmc)
    return task


def resume(bmc: Bmc) -> None:
    """Complete the tasks whose time has come, in the order they were asked for."""
    tasks = bmc.get(Tasks)
    now = bmc.world.now()
    for task in tasks.tasks.values():
        if task.state != "Running":
            continue
        if task.due > now:
            bmc.world.later(task.due - now, resume, bmc)
            return
        task.state = "Completed"
        try:
            OPERATIONS[task.operation](bmc, task.arguments)
        except RedfishError as refused:
            task.state, task.error = "Exception", refused.body()
        # The arguments have served: a certificate or a verifier need not lie here twice.
        task.ended, task.arguments = now, {}
        bmc.changed(tasks)


@operation("settings")
def _settings(bmc: Bmc, arguments: Json) -> None:
    settings = bmc.get(Settings)
    settings.values.setdefault(arguments["path"], {}).update(arguments["values"])
    bmc.changed(settings)


def merge(dotted: Json) -> Json:
    """Dotted properties as nested objects."""
    made: Json = {}
    for name, value in dotted.items():
        put(made, name, value)
    return made
