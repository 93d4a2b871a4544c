"""Power cords: which power port of a server goes to which outlet, and what each branch circuit carries.

A cord follows from the server's own rack unit and the rack's PDUs, never from its neighbours: a new server moves none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from karst.plan.model import BranchLoad, Cord
from karst.plan.naming import natural
from karst.site.hardware import RackPduSpec


@dataclass(frozen=True, slots=True)
class Socket:
    """An outlet of one of the rack's PDUs (short name)."""

    pdu: str
    branch: str
    outlet: str


def sockets(specs: Mapping[str, RackPduSpec]) -> tuple[Socket, ...]:
    """Return the outlets of one path's PDUs (short name -> spec) in the order in which units take them.

    Round by round over the branches, each round beginning one branch later: so servers on every unit, on every
    second and on every third one all spread evenly over branches, and with them over phases.
    """
    branches = [
        (pdu, name, branch.outlets)
        for pdu, spec in sorted(specs.items())
        for name, branch in sorted(spec.branches.items(), key=lambda item: natural(item[0]))
    ]
    rounds = max((len(outlets) for _, _, outlets in branches), default=0)
    taken = []
    for turn in range(rounds):
        for step in range(len(branches)):
            pdu, name, outlets = branches[(step + turn) % len(branches)]
            if turn < len(outlets):
                taken.append(Socket(pdu, name, outlets[turn]))
    return tuple(taken)


def socket_index(u: int, count: int) -> int:
    """Return which of `count` sockets belongs to rack unit `u`.

    One shift per full round lets a rack of two-unit servers, which has more units than outlets, use each outlet once.
    """
    return (u - 1 + (u - 1) // count) % count


def cords(
    power_ports: Sequence[str], u: int, paths: Sequence[str], sockets_of: Mapping[str, Sequence[Socket]]
) -> tuple[Cord, ...]:
    """Return a cord for each power port: each to another path, in the order of `paths`, then over again.

    With more paths than ports, as in distributed redundancy, units begin at the paths in turn, so that all are used.
    A server owns the sockets of all the units it fills; a second cord to a path takes that of its second unit.
    """
    found = []
    first = u - 1 if len(paths) > len(power_ports) else 0
    for index, port in enumerate(power_ports):
        turn = index // len(paths)
        path = paths[(first + index) % len(paths)]
        choice = sockets_of[path]
        if choice:
            socket = choice[socket_index(u + turn, len(choice))]
            found.append(Cord(port, socket.pdu, socket.outlet, socket.branch, path))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Draw:
    """What one cord draws, in watts, by the path that is lost ("" for none)."""

    cord: Cord
    by_lost_path_w: Mapping[str, float]


def draws(server_cords: Sequence[Cord], budget_w: float, paths: Iterable[str]) -> tuple[Draw, ...]:
    """Return what each cord draws: power supplies that live share the whole budget evenly."""
    found: list[dict[str, float]] = [{} for _ in server_cords]
    for lost in ("", *paths):
        alive = [cord.path != lost for cord in server_cords]
        share_w = budget_w / sum(alive) if any(alive) else 0.0
        for draw, lives in zip(found, alive, strict=True):
            draw[lost] = share_w if lives else 0.0
    return tuple(Draw(cord, draw) for cord, draw in zip(server_cords, found, strict=True))


def summed_w(loads: Iterable[Mapping[str, float]], paths: Iterable[str]) -> dict[str, float]:
    """Return the sum of loads, each by lost path."""
    items = list(loads)
    return {lost: sum((item[lost] for item in items), 0.0) for lost in ("", *paths)}


def worst_w(loads_w: Mapping[str, float]) -> float:
    """Return the highest load with one path lost; the load itself if there is no other path."""
    return max(loads_w.values(), default=0.0)


def branch_loads(spec: RackPduSpec, drawn: Sequence[Draw], paths: Sequence[str]) -> tuple[BranchLoad, ...]:
    """Return the branches of one PDU with what `drawn`, the cords into that PDU, puts on each."""
    found = []
    for name, branch in sorted(spec.branches.items(), key=lambda item: natural(item[0])):
        total = summed_w((draw.by_lost_path_w for draw in drawn if draw.cord.branch == name), paths)
        found.append(BranchLoad(name, branch.rating_a, branch.outlets, total[""], worst_w(total)))
    return tuple(found)
