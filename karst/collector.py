"""Python's collector of cycles, set for processes that work on a thousand connections at once."""

from __future__ import annotations

import gc

# New objects, net of those freed, before the youngest are looked through. The default of 700 is reached several times
# a millisecond by a thousand connections, which are all looked through again and again and hold no garbage: sweeping
# a hall took a fifth less of a processor with this number (benchmarks/up_hall.py). It bounds garbage to some 20 MB.
_NEW_OBJECTS = 200_000


def relax() -> None:
    """Call it once all is imported: what is there stays, and is never looked through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 50, 100)
