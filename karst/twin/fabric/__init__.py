"""Devices in network namespaces: the real FRR, on rendered texts."""
