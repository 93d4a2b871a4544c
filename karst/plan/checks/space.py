"""Checks of space: what stands together burns together."""

from __future__ import annotations

from itertools import combinations

from karst.plan.checks.power import node_line, path_chains
from karst.plan.graph import power_nodes
from karst.plan.model import Plan
from karst.site.place import RequiredClass
from karst.site.power import UtilitySource
from karst.site.problems import Problems


def check_space(plan: Plan, problems: Problems) -> None:
    """Check fire compartments in class A."""
    if plan.site.place.required_class is RequiredClass.A:
        _compartments(plan, problems)


def _compartments(plan: Plan, problems: Problems) -> None:
    """Pass: no fire compartment holds plant of two paths (GB 50174-2017: fault tolerant systems physically apart)."""
    nodes, rooms = power_nodes(plan.site.power), plan.site.spaces.plant_rooms
    held: dict[str, dict[str, list[str]]] = {}
    for path, chain in path_chains(plan).items():
        for name in sorted(chain):
            node = nodes[name]
            if not isinstance(node, UtilitySource):
                compartment = rooms[node.plant_room].fire_compartment
                held.setdefault(compartment, {}).setdefault(path, []).append(name)
    for compartment, paths in sorted(held.items()):
        for (path, mine), (other_path, theirs) in combinations(sorted(paths.items()), 2):
            if set(mine) == set(theirs):
                continue  # one node on both paths: the power check says so
            what = (
                f"fire compartment {compartment} holds {_some(mine)} of path {path} "
                f"and {_some(theirs)} of path {other_path}"
            )
            problems.error("power.yml", node_line(plan, theirs[0]), what, "plant rooms in compartments apart (class A)")


def _some(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
