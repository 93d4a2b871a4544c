"""Checks of `network.yml` and of the address ranges in `clusters.yml`."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from karst.site.draft import Draft
from karst.site.network import NetworkFile
from karst.site.problems import Problems
from karst.site.read import Document
from karst.site.references.refer import refer
from karst.site.sentences import place
from karst.site.spaces import Carries


def check_network(draft: Draft, problems: Problems) -> None:
    """Pass: carriers enter where fibre does, into rooms that exist; numbers have room and do not collide."""
    network = draft.network.model
    if network is not None:
        _carriers(draft, network, problems)
        _as_numbers(draft, network, problems)
        _blocks(draft, network, problems)
    _disjoint(draft, problems)


def _carriers(draft: Draft, network: NetworkFile, problems: Problems) -> None:
    document, spaces = draft.network, draft.spaces.model
    for name, carrier in network.carriers.items():
        path = ("carriers", name, "entrance")
        known = refer(document, path, carrier.entrance, "entrance", draft.spaces.names("entrances"), problems)
        entrance = spaces.entrances.get(carrier.entrance) if spaces and known else None
        if entrance and Carries.FIBRE not in entrance.carries:
            problems.error(
                document.file,
                document.line(*path),
                f'carriers.{name}: entrance "{carrier.entrance}" does not carry fibre',
                "one that does",
            )
        rooms = draft.spaces.names("plant_rooms")
        refer(document, ("carriers", name, "plant_room"), carrier.plant_room, "plant room", rooms, problems)


def _as_numbers(draft: Draft, network: NetworkFile, problems: Problems) -> None:
    document, (first, last) = draft.network, (network.as_numbers.first, network.as_numbers.last)
    if first > last:
        problems.error(
            document.file,
            document.line("as_numbers"),
            f"as_numbers: first {first} is above last {last}",
            "first, then last",
        )
    for name, carrier in network.carriers.items():
        if first <= carrier.as_number <= last:
            where = document.line("carriers", name, "as_number")
            problems.error(
                document.file,
                where,
                f"carriers.{name}: AS {carrier.as_number} is in the racks' range",
                f"one outside {first} to {last}",
            )


def _blocks(draft: Draft, network: NetworkFile, problems: Problems) -> None:
    """Pass: a prefix holds at least one rack's block, and a block every unit of the highest rack and its PDUs."""
    document, length = draft.network, network.prefixes.rack_prefix_length
    for name in ("out_of_band", "loopbacks"):
        prefix: IPv4Network = getattr(network.prefixes, name)
        if prefix.prefixlen > length:
            where = document.line("prefixes", name)
            problems.error(
                document.file,
                where,
                f"prefixes.{name} {prefix} is smaller than a rack's /{length}",
                f"/{length} or larger",
            )
    usable = 2 ** (32 - length) - 2
    for name, pattern in (draft.racks.model.patterns if draft.racks.model else {}).items():
        needed = pattern.height_u + len(pattern.pdus)
        if needed > usable:
            problems.error(
                document.file,
                document.line("prefixes", "rack_prefix_length"),
                f"prefixes.rack_prefix_length {length} gives a rack {usable} addresses",
                f"a shorter one: pattern {name} needs {needed}, one a rack unit and one a rack PDU",
            )


def _disjoint(draft: Draft, problems: Problems) -> None:
    """Pass: out-of-band, loopback, pod and service addresses are different ones, in all clusters."""
    ranges: list[tuple[IPv4Network, Document[Any], tuple[str, ...]]] = []
    if draft.network.model:
        for name in ("out_of_band", "loopbacks"):
            ranges.append((getattr(draft.network.model.prefixes, name), draft.network, ("prefixes", name)))
    for name, cluster in (draft.clusters.model.clusters if draft.clusters.model else {}).items():
        ranges.append((cluster.pods, draft.clusters, ("clusters", name, "pods")))
        ranges.append((cluster.services, draft.clusters, ("clusters", name, "services")))
    for index, (prefix, document, path) in enumerate(ranges):
        for other, first, first_path in ranges[:index]:
            if prefix.overlaps(other):
                there = f"{place(first_path)} {other} ({first.file}:{first.line(*first_path)})"
                what = f"{place(path)} {prefix} overlaps {there}"
                problems.error(document.file, document.line(*path), what, "ranges that share no address")
