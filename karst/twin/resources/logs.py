"""The event log."""

from __future__ import annotations

from karst.twin.bmc import LOG_ENTRIES_MAX, Bmc
from karst.twin.messages import Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import OK, stamp
from karst.twin.rules import parameters
from karst.twin.state import Entry, Json, Log
from karst.twin.tree import Resource, Tree

_ENTRY = "LogEntry.v1_16_2"


def build(tree: Tree) -> None:
    """One log service, on the manager or the system, as the shape has it."""
    path = tree.log
    tree.collection(path.rpartition("/")[0], "LogServiceCollection", "Log services", [tree.shape.log_id])
    entries = f"{path}/Entries"
    about = {
        "LogEntryType": "Event",
        "MaxNumberOfRecords": LOG_ENTRIES_MAX,
        "OverWritePolicy": "WrapsWhenFull",
        "ServiceEnabled": True,
        "DateTimeLocalOffset": "+00:00",
        "Status": OK,
        "Entries": tree.ref(entries),
        "Actions": tree.action(path, "LogService.ClearLog", _clear, "ConfigureManager"),
    }
    tree.add(path, "LogService.v1_7_0", "Event log", lambda bmc: {**about, "DateTime": stamp(bmc.world.now())})
    tree.types.add(_ENTRY)

    def read(bmc: Bmc) -> Json:
        found = bmc.get(Log).entries
        return {**head, "Members@odata.count": len(found), "Members": [_body(bmc, entry) for entry in found]}

    # Log collections show their entries in full, as BMCs do.
    kind = "LogEntryCollection"
    tree.types.add(kind)
    head = {"@odata.id": tree.link(entries), "@odata.type": f"#{kind}.{kind}", "Name": "Log entries"}
    tree.put(Resource(entries, read))
    tree.members[entries] = _find


def _find(bmc: Bmc, key: str) -> Resource | None:
    entry = next((each for each in bmc.get(Log).entries if str(each.id) == key), None)
    if entry is None:
        return None
    return Resource(f"{bmc.tree.log}/Entries/{key}", lambda bmc: _body(bmc, entry))


def _body(bmc: Bmc, entry: Entry) -> Json:
    return {
        **bmc.tree.head(f"{bmc.tree.log}/Entries/{entry.id}", _ENTRY, f"Log entry {entry.id}"),
        "EntryType": "Event",
        "Created": stamp(entry.at),
        "Severity": entry.severity,
        "Message": entry.message,
        "MessageId": entry.message_id,
        "MessageArgs": [],
    }


def _clear(_: Bmc, body: Json, __: Ask) -> Change:
    parameters("LogService.ClearLog", body, {})
    return Change("log_clear", {})


@operation("log_clear")
def _cleared(bmc: Bmc, _: Json) -> None:
    log = bmc.get(Log)
    log.entries.clear()
    bmc.changed(log)
    bmc.log("The log was cleared.", "ResourceEvent.1.4.ResourceChanged")
