"""Addresses: none is chosen here. A rack's block is allocated, and the place in it follows from the rack unit.

Units grow from the block's bottom, rack PDUs from its top; the zero address and the broadcast stay unused.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network


def server_address(block: IPv4Network, u: int) -> IPv4Address:
    """Return the address of the server whose lowest unit is `u`: it moves only with the server itself."""
    return block.network_address + u


def pdu_address(block: IPv4Network, index: int) -> IPv4Address:
    """Return the address of the rack PDU that is `index`-th (from 0) of the rack's sorted PDU names."""
    return block.broadcast_address - 1 - index
