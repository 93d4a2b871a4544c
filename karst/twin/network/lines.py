"""Lays cables between containers: a pair of virtual interfaces between their namespaces, named as the ports are.

A port whose other end is off is an interface without a carrier. The ends of cables have indices that no others have:
where both have the same, Linux does not see that it is a virtual one, and tells of lost carriers but once a second.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from karst.twin.network.built import End

_FIRST_INDEX = 10_000  # the kernel's own begin at 1 in each namespace


class LinesError(Exception):
    """A namespace could not be changed; the message is the tool's own."""


class Lines:
    """The cables between the namespaces of running devices, given by the process ids of their first processes."""

    def __init__(self, ends: Iterable[End]) -> None:
        """`ends` are all that there can be."""
        self._ends = frozenset(ends)
        self._index = _FIRST_INDEX  # the next: of a port that was laid anew, daemons have to see that it is another
        self._laid: dict[End, End | None] = {}  # each port that is there: its other end, None without
        self._whole: dict[End, bool] = {}  # whether the port's cable is

    async def adopt(self, pids: Mapping[str, int]) -> None:
        """Take note of what ports running devices have, in the place of what was known."""
        ports: dict[int, End] = {}
        others: dict[End, int | None] = {}
        for device, pid in pids.items():
            listed = await within(pid, "ip", "-details", "-json", "link", "show", fails=False)
            for each in json.loads(listed or "[]"):  # nothing of one that has just ended
                end, kind = (device, each["ifname"]), each.get("linkinfo", {}).get("info_kind")
                if end in self._ends and kind == "veth":
                    ports[each["ifindex"]], others[end] = end, each.get("link_index")
                elif end in self._ends and kind == "tun":
                    others[end] = None
        self._whole.clear()
        self._laid = {end: ports.get(other) if other else None for end, other in others.items()}
        self._index = max([self._index, *(index + 1 for index in ports)])

    def gone(self, device: str) -> None:
        """Take note that a device is off; its namespace has gone with all its ports, and their other ends with them."""
        for end, other in list(self._laid.items()):
            if device in (end[0], other[0] if other else None):
                del self._laid[end]
                self._whole.pop(end, None)

    async def lay(self, pids: Mapping[str, int], cables: Iterable[tuple[End, End, bool]]) -> None:
        """Have the ports of devices that run as the cables say; leave alone what is so already.

        Raises LinesError, and then nobody knows what has been laid: `adopt` finds out.
        """
        lines = {name: _Lines() for name in pids}
        pairs = []
        for a, b, whole in cables:
            ends = [end for end in (a, b) if end[0] in pids]
            wanted = {a: b, b: a} if len(ends) == 2 else dict.fromkeys(ends)
            is_new = any(self._laid.get(end, end) != other for end, other in wanted.items())
            for device, port in ends:
                if is_new:
                    lines[device].stale.append(f"link delete {port}")
                if is_new and len(ends) == 1:
                    lines[device].ports.append(f"tuntap add dev {port} mode tap")  # which nobody ever opens
                if is_new or self._whole.get((device, port)) is not whole:
                    lines[device].ports.append(f"link set {port} {'up' if whole else 'down'}")
                    self._whole[device, port] = whole
            if is_new and len(ends) == 2:
                pairs.append(f"link add {self._port(a, pids)} type veth peer {self._port(b, pids)}")
            self._laid |= wanted
        # Lines that fail are passed over: what is to be deleted may be gone with the namespace of its other end.
        await _each(pids, {name: each.stale for name, each in lines.items()}, "-force")
        if pairs:
            await command("ip", "-batch", "-", given=_batch(pairs))
        await _each(pids, {name: each.ports for name, each in lines.items()})

    def _port(self, end: End, pids: Mapping[str, int]) -> str:
        address = sha256(f"{end[0]}:{end[1]}".encode()).hexdigest()[:10]
        octets = ":".join(address[at : at + 2] for at in range(0, 10, 2))
        self._index += 1
        return f"name {end[1]} index {self._index} netns {pids[end[0]]} address 02:{octets}"


@dataclass(slots=True)
class _Lines:
    """What `ip` is told in one namespace."""

    stale: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)


async def _each(pids: Mapping[str, int], lines: Mapping[str, list[str]], *options: str) -> None:
    work = (
        within(pids[name], "ip", *options, "-batch", "-", given=_batch(each), fails=not options)
        for name, each in lines.items()
        if each
    )
    await asyncio.gather(*work)


def _batch(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


async def within(pid: int, *words: str, given: str = "", mount: bool = False, fails: bool = True) -> str:
    """Run a command in the network namespace of a process, with `mount` in its files too; what it printed.

    Raises LinesError.
    """
    enter = ("nsenter", f"--target={pid}", "--net", *(("--mount", "--pid", "--uts") if mount else ()), "--")
    return await command(*enter, *words, given=given, fails=fails)


async def command(*words: str, given: str = "", fails: bool = True) -> str:
    """Run a command; what it printed. Raises LinesError if it fails."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    out, err = await process.communicate(given.encode() if given else None)
    if process.returncode and fails:
        raise LinesError(f"{' '.join(words)[:200]}: {(err or out).decode(errors='replace').strip()[-500:]}")
    return out.decode(errors="replace")
