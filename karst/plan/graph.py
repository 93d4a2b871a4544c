"""The power graph of a site, from utility sources and generators down to busways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import networkx as nx

from karst.site.power import (
    Busway,
    Generator,
    PowerFile,
    Switchgear,
    TransferSwitch,
    Transformer,
    Ups,
    UtilitySource,
)

Source: TypeAlias = UtilitySource | Generator
Fed: TypeAlias = Transformer | Switchgear | TransferSwitch | Ups | Busway


def power_nodes(power: PowerFile) -> Mapping[str, Source | Fed]:
    """Return every node of the graph by its name."""
    return {
        **power.utility_sources,
        **power.generators,
        **power.transformers,
        **power.switchgear,
        **power.transfer_switches,
        **power.ups,
        **power.busways,
    }


def power_graph(power: PowerFile) -> nx.DiGraph[str]:
    """Return the graph with an edge from each node to whatever it feeds."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    nodes = power_nodes(power)
    graph.add_nodes_from(sorted(nodes))
    for name, node in sorted(nodes.items()):
        if not isinstance(node, UtilitySource | Generator):
            graph.add_edges_from((source, name) for source in node.fed_from)
    return graph
