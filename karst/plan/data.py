"""A plan as plain data, for JSON: what other programs read. See docs/plan.md for its form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import orjson
from pydantic import BaseModel

from karst.plan.limits import node_loads
from karst.plan.loads import row_demands
from karst.plan.model import Plan
from karst.plan.rack import rack


def plan_data(plan: Plan, detail: bool = False) -> dict[str, Any]:
    """Return a plan: its hash, rows, racks and power nodes with their loads; with `detail` every device too."""
    demands = row_demands(plan)
    counts = Counter(seat.row for seat in plan.racks.values())
    return {
        "site": plan.site.place.name,
        "hash": plan.hash,
        "rows": {
            name: {
                "hall": row.hall,
                "cluster": row.cluster,
                "cooling_zone": row.cooling_zone,
                "busways": row.busways,
                "failure_domains": row.failure_domains,
                "path_domains": row.path_domains,
                "racks": counts[name],
                "load_w": sum(demands[name].values()),
            }
            for name, row in plan.rows.items()
        },
        "switches": plan.switches,
        "power": {name: asdict(load) for name, load in node_loads(plan).items()},
        "racks": {name: rack(plan, name) for name in plan.racks} if detail else plan.racks,
    }


def as_json(value: object) -> bytes:
    """Return plan data, or a server or rack of a plan, as indented JSON that ends with a newline."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _plain(value: object) -> object:
    """Return what orjson does not know by itself as something that it does."""
    if isinstance(value, IPv4Address | IPv4Network):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no place in JSON")
