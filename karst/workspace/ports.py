"""Ports of a clone's listeners: chosen free once, then kept, because stacks and certificates name them."""

from __future__ import annotations

import random
import socket

NAMES = ("bmc", "apiserver", "etcd_client", "etcd_peer", "controller_manager", "scheduler", "ssh")

# Below Linux's range of ephemeral ports (32768-60999): no outgoing connection takes one while the twin is down.
_FIRST, _LAST = 20000, 32000


def choose() -> dict[str, int]:
    """A free TCP port for each of NAMES. Random, so that two clones set up at once are unlikely to agree."""
    found: list[int] = []
    for port in random.SystemRandom().sample(range(_FIRST, _LAST), 1000):
        if is_free(port):
            found.append(port)
        if len(found) == len(NAMES):
            return dict(zip(NAMES, found, strict=True))
    raise OSError(f"no {len(NAMES)} free TCP ports between {_FIRST} and {_LAST}")


def is_free(port: int) -> bool:
    """Whether nobody listens on the port at any address: the twin's BMC socket is a wildcard one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
