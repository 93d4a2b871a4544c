"""Checks of `network.yml` and of the address ranges in `clusters.yml`."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from karst.site.draft import Draft
from karst.site.network import NetworkFile
from karst.site.problems import Problems
from karst.site.read import Document
from karst.site.references.as_numbers import check_as_numbers
from karst.site.references.carriers import check_carriers
from karst.site.references.fabric import check_fabric
from karst.site.references.flows import check_flows
from karst.site.references.refer import Path
from karst.site.sentences import place

RANGES = ("out_of_band", "loopbacks", "switch_out_of_band", "switch_loopbacks")


def check_network(draft: Draft, problems: Problems) -> None:
    """Pass: switches and carriers stand where there is a place for them; numbers have room and do not collide."""
    network = draft.network.model
    if network is not None:
        check_fabric(draft, network, problems)
        check_carriers(draft, network, problems)
        check_as_numbers(draft.network, network, problems)
        check_flows(draft.network, network, problems)
        _blocks(draft, network, problems)
    _disjoint(draft, problems)


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
    """Pass: addresses of devices, pods and services, and those that carriers are told of, are different ones.

    But for hosts whose own addresses are public: carriers may be told of all loopbacks, or of a range with them.
    """
    ranges: list[tuple[IPv4Network, Document[Any], Path]] = []
    if draft.network.model:
        for name in RANGES:
            ranges.append((getattr(draft.network.model.prefixes, name), draft.network, ("prefixes", name)))
        for index, prefix in enumerate(draft.network.model.own_prefixes):
            ranges.append((prefix, draft.network, ("own_prefixes", index)))
    for name, cluster in (draft.clusters.model.clusters if draft.clusters.model else {}).items():
        ranges.append((cluster.pods, draft.clusters, ("clusters", name, "pods")))
        ranges.append((cluster.services, draft.clusters, ("clusters", name, "services")))
    for index, (prefix, document, path) in enumerate(ranges):
        for other, first, first_path in ranges[:index]:
            is_told = path[0] == "own_prefixes" and first_path == ("prefixes", "loopbacks") and other.subnet_of(prefix)
            if prefix.overlaps(other) and not is_told:
                there = f"{place(first_path)} {other} ({first.file}:{first.line(*first_path)})"
                what = f"{place(path)} {prefix} overlaps {there}"
                problems.error(document.file, document.line(*path), what, "ranges that share no address")
