"""Sites that hypothesis makes up: the base of the broken sites, with other racks in its one row."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from karst.site.allocate import allocate
from karst.site.load import load
from karst.site.model import Site
from karst.site.racks import RacksFile

ROW = "h1-r1"
POSITIONS = 12
HEIGHT_U = 42
HEIGHTS_U = {"fanjing-s210": 1, "leigong-r220": 2, "wumeng-c140": 1}
PDUS = {
    name: {"device_type": "qianling-pdu32", "path": path, "feed_a": 32}
    for name, path in (("pdu-a", "A"), ("pdu-b", "B"))
}


@cache
def base() -> Site:
    folder = Path(__file__).parents[2] / "errors" / "base"
    site = load(folder, folder / "hardware")
    row = site.spaces.rows[ROW].model_copy(update={"positions": POSITIONS})
    nothing = site.allocations.model_copy(update={"racks": {}, "switches": {}, "control_plane": {}})
    spaces = site.spaces.model_copy(update={"rows": {ROW: row}})
    clusters = site.clusters.model_copy(update={"clusters": {}})
    return replace(site, spaces=spaces, clusters=clusters, allocations=nothing, assets={})


def site_with(servers: dict[str, Any], positions: list[int], racks: dict[str, Any], before: Site | None = None) -> Site:
    """Return the base with these racks, allocated: anew, or as `before` with the new racks added."""
    said = {
        "schema": 1,
        "patterns": {"mixed": {"height_u": HEIGHT_U, "budget_w": 20000, "pdus": PDUS, "servers": servers}},
        "rows": {ROW: {"pattern": "mixed", "positions": ",".join(map(str, positions)), "status": "planned"}},
        "racks": racks,
    }
    site = replace(base(), racks=RacksFile.model_validate(said))
    if before is not None:
        site = replace(site, allocations=before.allocations)
    chosen, had = allocate(site), site.allocations
    numbers = {"racks": {**had.racks, **chosen.racks}, "switches": {**had.switches, **chosen.switches}}
    return replace(site, allocations=had.model_copy(update=numbers))


@st.composite
def servers_of_a_rack(draw: st.DrawFn, most: int = 12) -> dict[str, Any]:
    """Return servers that stand in units of their own, named in no order."""
    found: dict[str, Any] = {}
    free = set(range(1, HEIGHT_U + 1))
    names = draw(st.lists(st.integers(1, 60), unique=True, max_size=most))
    for number in names:
        kind = draw(st.sampled_from(sorted(HEIGHTS_U)))
        fits = [u for u in sorted(free) if u + HEIGHTS_U[kind] - 1 in free]
        if fits:
            u = draw(st.sampled_from(fits))
            free -= set(range(u, u + HEIGHTS_U[kind]))
            found[f"s{number:02d}"] = {"device_type": kind, "u": u}
    return found


positions_of_a_row = st.lists(st.integers(1, POSITIONS), unique=True, min_size=1, max_size=6)
