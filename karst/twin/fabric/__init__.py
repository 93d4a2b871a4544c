"""The fabric alone, in network namespaces: the real FRR, on rendered texts, cut and healed. See docs/network.md."""
