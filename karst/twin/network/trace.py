"""The way of one flow through the twin's network: each kernel on it is asked where it would send the packet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address

from karst.plan.network.model import Node
from karst.site.problems import nearest
from karst.twin.network.built import End
from karst.twin.network.lines import LinesError, within
from karst.twin.state import Json

_SOURCE_PORT = 40000
_HOPS_MAX = 16  # the longest way has seven


async def trace(
    nodes: Mapping[str, Node],
    pids: Mapping[str, int],
    cables: Iterable[tuple[End, End, bool]],
    source: str,
    target: str,
    port: int,
) -> Json:
    """Return the hops of a flow of TCP, and whether it arrives. Raises ValueError for a name of nobody."""
    for name in (source, target):
        if name not in nodes and not _is_address(name):
            raise ValueError(f"there is no host {name}{nearest(name, list(nodes))}")
    if source not in nodes:
        raise ValueError(f"a way begins at a device, not at {source}")
    to = str(nodes[target].loopback) if target in nodes else target
    far = {a: b for a, b, _ in cables} | {b: a for a, b, _ in cables}
    flow = ("ipproto", "tcp", "sport", str(_SOURCE_PORT), "dport", str(port))
    here, came_by, hops = source, "", list[Json]()
    while len(hops) < _HOPS_MAX:
        if here not in pids:
            return _told(hops, f"{here} is off")
        about = ("from", str(nodes[source].loopback), *(("iif", came_by) if came_by else ()))
        try:
            (found,) = json.loads(await within(pids[here], "ip", "-json", "route", "get", to, *about, *flow))
        except (LinesError, ValueError):
            return _told([*hops, {"device": here, "interface": ""}], f"{here} has no way to {to}")
        if found.get("type") == "local":
            return _told([*hops, {"device": here, "interface": "lo"}], "")
        hops.append({"device": here, "interface": found["dev"]})
        there = far.get((here, found["dev"]))
        if there is None:  # the world is beyond carriers; what leaves by management does not count
            is_out = target not in nodes and here not in nodes
            return _told(hops, "" if is_out else f"{found['dev']} of {here} leads out of the fabric")
        here, came_by = there
    return _told(hops, "it goes round in circles")


def _told(hops: list[Json], fault: str) -> Json:
    return {"hops": hops, "arrives": not fault, "fault": fault}


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True
