"""From a request to its answer: everything that holds for all resources. Synchronous, so a change is atomic."""

from __future__ import annotations

from typing import Any

import orjson

from karst.twin import auth, operations
from karst.twin.bmc import Bmc
from karst.twin.errors import RedfishError, refuse
from karst.twin.faults import Fault, merge_patch
from karst.twin.messages import Answer, Ask, Change
from karst.twin.outcome import outcome, tagged
from karst.twin.query import narrow, queries
from karst.twin.resources.tasks import task_answer
from karst.twin.rules import check
from karst.twin.state import Json
from karst.twin.tree import ROOT, Resource

# What may be read without logging in (DSP0266, 13.3.1), and the one thing that may be posted.
OPEN = frozenset({"/redfish", ROOT, f"{ROOT}/odata", f"{ROOT}/$metadata"})
SESSIONS = f"{ROOT}/SessionService/Sessions"
LOGIN = frozenset({SESSIONS, f"{SESSIONS}/Members"})


def respond(bmc: Bmc, ask: Ask, faults: list[Fault]) -> Answer:
    """Answer a request; never raises. Changes are in the store's hands but not yet flushed."""
    try:
        answer = _dispatch(bmc, ask, faults)
    except RedfishError as refused:
        answer = Answer(refused.status, refused.body(), refused.headers)
        if refused.status == 401:
            answer.headers["WWW-Authenticate"] = 'Basic realm="Redfish"'
    answer.headers.setdefault("OData-Version", "4.0")
    return answer


def _dispatch(bmc: Bmc, ask: Ask, faults: list[Fault]) -> Answer:
    if ask.headers.get("odata-version", "4.0") != "4.0":
        raise refuse(412, "PreconditionFailed")
    reading = ask.method in ("GET", "HEAD")
    if not (reading and ask.path in OPEN) and not (ask.method == "POST" and ask.path in LOGIN):
        ask.account = auth.authenticate(bmc, ask)
    path = SESSIONS if ask.path in LOGIN else ask.path
    resource = bmc.tree.find(bmc, path)
    if ask.method == "OPTIONS":
        return Answer(204, headers={"Allow": ", ".join(resource.methods)})
    if ask.method not in resource.methods:
        refused = refuse(405, "OperationNotAllowed")
        refused.headers["Allow"] = ", ".join(resource.methods)
        raise refused
    if reading:
        return _read(bmc, ask, resource, faults)
    if ask.account:
        auth.require(bmc, ask.account, resource.privilege, resource.self_account)
    if ask.method == "PATCH":
        return _patch(bmc, ask, resource)
    if ask.method == "POST":
        return _post(bmc, ask, resource)
    _match(bmc, ask, resource)
    assert resource.delete is not None  # noqa: S101  # it is among the methods
    return _finish(bmc, resource.delete(bmc), resource, 204)


def _read(bmc: Bmc, ask: Ask, resource: Resource, faults: list[Fault]) -> Answer:
    if resource.text is not None:
        answer = resource.text(bmc)
        answer.headers |= _described(answer.body or {})
        return answer
    wanted = queries(bmc.shape, ask.query)
    body = tagged(bmc, resource)
    mark = body["@odata.etag"]
    if _holds(ask.headers.get("if-none-match"), mark):
        return Answer(304, headers={"ETag": mark})
    body = narrow(body, wanted, lambda path: tagged(bmc, bmc.tree.find(bmc, path)))
    for fault in faults:
        if fault.body is not None:
            body = merge_patch(body, fault.body)
    methods = [method for method in resource.methods if method != "OPTIONS"]
    headers = {"ETag": mark, "Allow": ", ".join(methods), "Cache-Control": "no-cache"}
    return Answer(200, body, headers | _described(body))


def _described(body: Json) -> dict[str, str]:
    """The header that leads to the schema of a resource."""
    if "@odata.type" not in body:
        return {}
    schema = body["@odata.type"].removeprefix("#").rpartition(".")[0]
    return {"Link": f"<https://redfish.dmtf.org/schemas/v1/{schema}.json>; rel=describedby"}


def _patch(bmc: Bmc, ask: Ask, resource: Resource) -> Answer:
    if bmc.shape.if_match_required and "if-match" not in ask.headers:
        raise refuse(428, "PreconditionRequired")
    _match(bmc, ask, resource)
    assert resource.rules is not None  # noqa: S101  # it is among the methods
    changes = check(_json(ask), resource.body(bmc), resource.rules(bmc))
    if resource.patch is not None:
        change = resource.patch(bmc, changes)
    else:
        change = Change("settings", {"path": resource.path, "values": changes})
    return _finish(bmc, change, resource, bmc.shape.patch_status)


def _post(bmc: Bmc, ask: Ask, resource: Resource) -> Answer:
    assert resource.post is not None  # noqa: S101  # it is among the methods
    made = resource.post(bmc, _json(ask) if ask.body or resource.read else {}, ask)
    if isinstance(made, Answer):
        return made
    return _finish(bmc, made, resource, bmc.shape.action_status)


def _finish(bmc: Bmc, change: Change, resource: Resource, status: int) -> Answer:
    task = operations.carry_out(bmc, change, resource.path, status)
    if task is not None:
        return task_answer(bmc, task)
    return change.answer or outcome(bmc, resource.path, status, change.created)


def _match(bmc: Bmc, ask: Ask, resource: Resource) -> None:
    wanted = ask.headers.get("if-match")
    if wanted is not None and not _holds(wanted, tagged(bmc, resource)["@odata.etag"]):
        raise refuse(412, "PreconditionFailed")


def _holds(header: str | None, mark: str) -> bool:
    """Whether an If-Match or If-None-Match names the ETag; weak and strong compare alike, for clients mix them."""
    if header is None:
        return False
    bare = mark.removeprefix("W/").strip('"')
    return any(
        each == "*" or each.removeprefix("W/").strip('"') == bare
        for each in (part.strip() for part in header.split(","))
    )


def _json(ask: Ask) -> Json:
    media = ask.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if ask.body and media != "application/json":
        raise refuse(415, "UnsupportedMediaType")
    try:
        body: Any = orjson.loads(ask.body or b"{}")
    except ValueError:
        raise refuse(400, "MalformedJSON") from None
    if not isinstance(body, dict):
        raise refuse(400, "UnrecognizedRequestBody")
    return body
