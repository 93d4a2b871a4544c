"""Changes that take a while, and how a client follows them."""

from __future__ import annotations

from karst.twin.bmc import Bmc
from karst.twin.errors import RedfishError
from karst.twin.messages import Answer
from karst.twin.outcome import outcome
from karst.twin.resources.common import OK, stamp
from karst.twin.state import Json, Task, Tasks
from karst.twin.tree import ROOT, Resource, Tree

SERVICE = f"{ROOT}/TaskService"
TASKS = f"{SERVICE}/Tasks"
MONITORS = f"{SERVICE}/TaskMonitors"
_KIND = "Task.v1_7_4"


def build(tree: Tree) -> None:
    """The task service."""
    about = {
        "ServiceEnabled": True,
        "CompletedTaskOverWritePolicy": "Oldest",
        "LifeCycleEventOnTaskStateChange": False,
        "Status": OK,
        "Tasks": tree.ref(TASKS),
    }
    tree.add(SERVICE, "TaskService.v1_2_1", "Task service", lambda bmc: {**about, "DateTime": stamp(bmc.world.now())})
    tree.types.add(_KIND)
    tree.collection(TASKS, "TaskCollection", "Tasks", lambda bmc: bmc.get(Tasks).tasks)
    tree.members[TASKS] = _find
    tree.members[MONITORS] = _monitor


def _find(bmc: Bmc, key: str) -> Resource | None:
    task = bmc.get(Tasks).tasks.get(key)
    return None if task is None else Resource(f"{TASKS}/{key}", lambda bmc: _body(bmc, task))


def _monitor(bmc: Bmc, key: str) -> Resource | None:
    """202 with the task while it runs, then what the request would have answered at once."""
    task = bmc.get(Tasks).tasks.get(key)
    return None if task is None else Resource(f"{MONITORS}/{key}", text=lambda bmc: _progress(bmc, task))


def _progress(bmc: Bmc, task: Task) -> Answer:
    if task.state == "Running":
        return task_answer(bmc, task)
    if task.error is not None:
        return Answer(400, task.error)
    try:
        return outcome(bmc, task.path, task.status, task.made)
    except RedfishError:  # what it made or changed is gone again
        return Answer(204)


def task_answer(bmc: Bmc, task: Task) -> Answer:
    """202: the request was accepted, the task says how far it is."""
    where = bmc.tree.link(f"{MONITORS}/{task.id}")
    return Answer(202, _body(bmc, task), {"Location": where, "Retry-After": "1"})


def _body(bmc: Bmc, task: Task) -> Json:
    done = task.state != "Running"
    return {
        **bmc.tree.head(f"{TASKS}/{task.id}", _KIND, f"Task {task.id}"),
        "TaskState": task.state,
        "TaskStatus": "OK" if task.error is None else "Critical",
        "PercentComplete": 100 if done else 0,
        "StartTime": stamp(task.created),
        **({"EndTime": stamp(task.ended)} if done else {}),
        "TaskMonitor": bmc.tree.link(f"{MONITORS}/{task.id}"),
        "HidePayload": True,
        "Messages": [] if task.error is None else task.error["error"]["@Message.ExtendedInfo"],
    }
