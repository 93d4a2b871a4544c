"""Failure domains: what fails as one, derived from space, air and power, never typed by hand.

`rack`, `row`, `hall`, `fire_compartment`, `cavern`, `cooling_zone`; and of each path that a server's cords go to, the
`busway` and every `ups` above it. Members of one domain share that fate, though a busway alone takes no server down
that has a second cord.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import networkx as nx

from karst.plan.cooling import zones_of_rows
from karst.plan.graph import power_graph
from karst.plan.model import Row
from karst.site.model import Site
from karst.site.problems import Problems


def rows(site: Site, problems: Problems) -> Mapping[str, Row]:
    """Return every row that racks.yml fills; a row without exactly one zone, and one busway a path, is a problem."""
    zones = zones_of_rows(site.cooling)
    busways = _busways_of_rows(site, problems)
    ups_above = _ups_above(site)
    clusters = _clusters_of_halls(site)
    found = {}
    for name in sorted(site.racks.rows):
        hall_name = site.spaces.rows[name].hall
        hall = site.spaces.halls[hall_name]
        zone = zones.get(name, ())
        if len(zone) != 1:
            line = site.line("spaces.yml", "rows", name)
            in_zones = " and ".join(zone) or "none"
            what = f'row "{name}" is in {len(zone)} cooling zones ({in_zones})'
            problems.error("spaces.yml", line, what, "exactly one")
            continue
        of_paths = busways.get(name, {})
        found[name] = Row(
            name=name,
            hall=hall_name,
            cluster=clusters.get(hall_name),
            cooling_zone=zone[0],
            busways=MappingProxyType(of_paths),
            failure_domains=(
                f"row:{name}",
                f"hall:{hall_name}",
                f"fire_compartment:{hall.fire_compartment}",
                f"cavern:{hall.cavern}",
                f"cooling_zone:{zone[0]}",
            ),
            path_domains=MappingProxyType(
                {
                    path: (f"busway:{busway}", *(f"ups:{ups}" for ups in ups_above[busway]))
                    for path, busway in of_paths.items()
                }
            ),
        )
    _check_paths(site, found, problems)
    return MappingProxyType(found)


def server_domains(row: Row, rack: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the failure domains, sorted, of a server in `rack` whose cords go to `paths`."""
    of_power = {domain for path in paths for domain in row.path_domains.get(path, ())}
    return tuple(sorted({f"rack:{rack}", *row.failure_domains, *of_power}))


def _clusters_of_halls(site: Site) -> dict[str, str]:
    """Return the cluster of each hall that is in one; the first by name, should two claim a hall."""
    found: dict[str, str] = {}
    for name, cluster in sorted(site.clusters.clusters.items()):
        for hall in cluster.halls:
            found.setdefault(hall, name)
    return found


def _busways_of_rows(site: Site, problems: Problems) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, busway in sorted(site.power.busways.items()):
        for row in busway.rows:
            other = found.setdefault(row, {}).setdefault(busway.path, name)
            if other != name:
                line = site.line("power.yml", "busways", name, "rows")
                what = f'busways "{other}" and "{name}" of path {busway.path} both run along row "{row}"'
                problems.error("power.yml", line, what, "one busway a path and row")
    return found


def _ups_above(site: Site) -> dict[str, tuple[str, ...]]:
    graph = power_graph(site.power)
    return {
        busway: tuple(sorted(name for name in nx.ancestors(graph, busway) if name in site.power.ups))
        for busway in site.power.busways
    }


def _check_paths(site: Site, found: Mapping[str, Row], problems: Problems) -> None:
    """Every path that a row's racks tap has a busway along that row."""
    for name, row in found.items():
        pattern_name = site.racks.rows[name].pattern
        for pdu in site.racks.patterns[pattern_name].pdus.values():
            if pdu.path not in row.busways:
                line = site.line("racks.yml", "rows", name)
                what = f'pattern "{pattern_name}" taps path {pdu.path}, of which no busway runs along row "{name}"'
                problems.error("racks.yml", line, what, f'"{name}" in the rows of a busway of path {pdu.path}')
