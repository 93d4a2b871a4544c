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


def rows(site: Site) -> Mapping[str, Row]:
    """Return every row that racks.yml fills."""
    zones = zones_of_rows(site.cooling)
    busways = _busways_of_rows(site)
    ups_above = _ups_above(site)
    clusters = {hall: name for name, cluster in site.clusters.clusters.items() for hall in cluster.halls}
    found = {}
    for name in sorted(site.racks.rows):
        hall_name = site.spaces.rows[name].hall
        hall = site.spaces.halls[hall_name]
        of_paths = busways[name]
        found[name] = Row(
            name=name,
            hall=hall_name,
            cluster=clusters.get(hall_name),
            cooling_zone=zones[name],
            busways=MappingProxyType(of_paths),
            failure_domains=(
                f"row:{name}",
                f"hall:{hall_name}",
                f"fire_compartment:{hall.fire_compartment}",
                f"cavern:{hall.cavern}",
                f"cooling_zone:{zones[name]}",
            ),
            path_domains=MappingProxyType(
                {
                    path: (f"busway:{busway}", *(f"ups:{ups}" for ups in ups_above[busway]))
                    for path, busway in of_paths.items()
                }
            ),
        )
    return MappingProxyType(found)


def server_domains(row: Row, rack: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the failure domains, sorted, of a server in `rack` whose cords go to `paths`."""
    of_power = {domain for path in paths for domain in row.path_domains.get(path, ())}
    return tuple(sorted({f"rack:{rack}", *row.failure_domains, *of_power}))


def _busways_of_rows(site: Site) -> dict[str, dict[str, str]]:
    """Return the busway of each path, by row; a loaded site has one at most."""
    found: dict[str, dict[str, str]] = {}
    for name, busway in sorted(site.power.busways.items()):
        for row in busway.rows:
            found.setdefault(row, {})[busway.path] = name
    return found


def _ups_above(site: Site) -> dict[str, tuple[str, ...]]:
    graph = power_graph(site.power)
    return {
        busway: tuple(sorted(name for name in nx.ancestors(graph, busway) if name in site.power.ups))
        for busway in site.power.busways
    }
