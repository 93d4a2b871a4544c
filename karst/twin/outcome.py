"""What a change that was made answers: at once, or at the task's monitor when its time has come."""

from __future__ import annotations

import hashlib

import orjson

from karst.twin.bmc import Bmc
from karst.twin.errors import refuse
from karst.twin.messages import Answer
from karst.twin.state import Json
from karst.twin.tree import Resource

# Properties that change of themselves: a client's If-Match must not fail because a second has passed.
VOLATILE = frozenset({"DateTime", "UptimeSeconds", "EnergykWh"})


def etag(bmc: Bmc, body: Json) -> str:
    """The ETag of a resource: a hash of what it says."""
    shown = {key: value for key, value in body.items() if key not in VOLATILE}
    mark = hashlib.blake2b(orjson.dumps(shown), digest_size=8).hexdigest()
    return f'W/"{mark}"' if bmc.shape.weak_etags else f'"{mark}"'


def tagged(bmc: Bmc, resource: Resource) -> Json:
    """A resource with its ETag, whose body the If-Match of a later request is compared with."""
    body = resource.body(bmc)
    body["@odata.etag"] = etag(bmc, body)
    return body


def outcome(bmc: Bmc, path: str, status: int, created: str) -> Answer:
    """The answer to a change by way of the resource at `path`, which may have `created` another."""
    if created:
        made = tagged(bmc, bmc.tree.find(bmc, created))
        return Answer(201, made, {"Location": bmc.tree.link(created), "ETag": made["@odata.etag"]})
    if status == 204:
        return Answer(204)
    resource = bmc.tree.find(bmc, path)
    if resource.read is None:  # an action
        return Answer(status, refuse(status, "Success").body())
    made = tagged(bmc, resource)
    return Answer(status, made, {"ETag": made["@odata.etag"]})
