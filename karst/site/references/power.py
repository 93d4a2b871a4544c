"""References of `power.yml`: a graph that leads from every busway back to a utility source, and never in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from karst.site.draft import Draft
from karst.site.power import PowerFile, PowerNode
from karst.site.problems import Problems
from karst.site.references.refer import refer, refer_all
from karst.site.spaces import Carries

KINDS = ("utility_sources", "transformers", "switchgear", "generators", "transfer_switches", "ups", "busways")


def power_names(draft: Draft) -> frozenset[str] | None:
    """Return the names of all power nodes, or nothing if they cannot be known."""
    kinds = [draft.power.names(kind) for kind in KINDS]
    known = [names for names in kinds if names is not None]
    return frozenset().union(*known) if len(known) == len(kinds) else None


def fed_nodes(power: PowerFile) -> Mapping[tuple[str, str], PowerNode]:
    """Return every node that is fed from others, by kind and name."""
    kinds: Mapping[str, Mapping[str, PowerNode]] = {
        "transformers": power.transformers,
        "switchgear": power.switchgear,
        "transfer_switches": power.transfer_switches,
        "ups": power.ups,
        "busways": power.busways,
    }
    return {(kind, name): node for kind, nodes in kinds.items() for name, node in nodes.items()}


def check_power(draft: Draft, problems: Problems) -> None:
    """Pass: what nodes are fed from, stand in, belong to and run along exists; names are unique over all kinds."""
    document, power = draft.power, draft.power.model
    if power is None:
        return
    unique = _unique(draft, problems)
    entrances_carry(draft, problems)
    names, rooms, paths = power_names(draft), draft.spaces.names("plant_rooms"), document.names("paths")
    nodes = fed_nodes(power)
    for (kind, name), node in nodes.items():
        refer_all(document, (kind, name, "fed_from"), node.fed_from, "power node", names, problems)
        refer(document, (kind, name, "plant_room"), node.plant_room, "plant room", rooms, problems)
        path = getattr(node, "path", None)
        if path is not None:
            refer(document, (kind, name, "path"), path, "path", paths, problems)
    for name, generator in power.generators.items():
        refer(document, ("generators", name, "plant_room"), generator.plant_room, "plant room", rooms, problems)
    for name, switch in power.transfer_switches.items():
        if len(switch.fed_from) < 2:
            where = document.line("transfer_switches", name, "fed_from")
            problems.error(
                document.file, where, f"transfer_switches.{name} has one input", "two or more to choose from"
            )
    _busways(draft, power, problems)
    if not unique:
        return  # nobody can tell which of two nodes feeds another
    sound = {name: set(node.fed_from) for (_, name), node in nodes.items()}
    _no_circles(draft, sound, problems)
    _sources_reached(draft, power, sound, problems)


def _unique(draft: Draft, problems: Problems) -> bool:
    """Pass: no two nodes of different kinds share a name, as `fed_from` names no kind."""
    seen: dict[str, str] = {}
    unique = True
    for kind in KINDS:
        for name in sorted(draft.power.names(kind) or ()):
            if name in seen:
                problems.error(
                    draft.power.file,
                    draft.power.line(kind, name),
                    f"{kind}.{name} has the name of {seen[name]}.{name}",
                    "a name of its own for every power node",
                )
                unique = False
            seen.setdefault(name, kind)
    return unique


def entrances_carry(draft: Draft, problems: Problems) -> None:
    """Pass: utility sources come in by entrances that carry power."""
    document, power, spaces = draft.power, draft.power.model, draft.spaces.model
    entrances = draft.spaces.names("entrances")
    for name, source in (power.utility_sources if power else {}).items():
        path = ("utility_sources", name, "entrance")
        known = refer(document, path, source.entrance, "entrance", entrances, problems)
        entrance = spaces.entrances.get(source.entrance) if spaces and known else None
        if entrance and Carries.POWER not in entrance.carries:
            able = (
                [name for name, other in spaces.entrances.items() if Carries.POWER in other.carries] if spaces else []
            )
            problems.error(
                document.file,
                document.line(*path),
                f'utility_sources.{name}: entrance "{source.entrance}" does not carry power',
                f"one that does: {', '.join(able) or 'there is none'}",
            )


def _busways(draft: Draft, power: PowerFile, problems: Problems) -> None:
    """Pass: rows exist, and no row has two busways of one path, as its rack PDUs could not tell which to tap."""
    document, rows = draft.power, draft.spaces.names("rows")
    seen: dict[tuple[str, str], str] = {}
    for name, busway in power.busways.items():
        refer_all(document, ("busways", name, "rows"), busway.rows, "row", rows, problems)
        for row in dict.fromkeys(busway.rows):
            first = seen.setdefault((row, busway.path), name)
            if first != name:
                problems.error(
                    document.file,
                    document.line("busways", name, "rows"),
                    f"busways.{name} and busways.{first} both carry path {busway.path} along row {row}",
                    "one busway of a path a row",
                )


def _no_circles(draft: Draft, feeds: Mapping[str, set[str]], problems: Problems) -> None:
    """Pass: nothing is fed from itself, however far around. Each circle is named once and then cut."""
    open_feeds = {name: set(fed_from) for name, fed_from in feeds.items()}
    kinds = {name: kind for kind in KINDS for name in draft.power.names(kind) or ()}
    while True:
        try:
            TopologicalSorter(open_feeds).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            start = min(range(len(circle) - 1), key=lambda index: circle[index])
            turned = circle[start:-1] + circle[: start + 1]
            problems.error(
                draft.power.file,
                draft.power.line(kinds.get(turned[0], ""), turned[0], "fed_from"),
                "power goes in a circle: " + " feeds ".join(turned),
                "a way from a utility source that never returns",
            )
            # The sorter lists each node after what it is fed from.
            open_feeds[circle[1]].discard(circle[0])
        else:
            return


def _sources_reached(draft: Draft, power: PowerFile, feeds: Mapping[str, set[str]], problems: Problems) -> None:
    """Pass: from each busway a way leads back to a utility source. Nodes with faults of their own may be that way."""
    unclear = (power_names(draft) or frozenset()) - feeds.keys() - power.generators.keys()
    for name, busway in power.busways.items():
        reached: set[str] = set()
        ahead = list(busway.fed_from)
        while ahead:
            node = ahead.pop()
            if node not in reached:
                reached.add(node)
                ahead += feeds.get(node, ())
        known = power_names(draft) or frozenset()
        if not reached & unclear and reached <= known:
            problems.error(
                draft.power.file,
                draft.power.line("busways", name, "fed_from"),
                f"busways.{name} is fed from no utility source: it leads back to {', '.join(sorted(reached))}",
                "a way back to one of " + ", ".join(sorted(draft.power.names("utility_sources") or ())),
            )
