"""What the network's probe printed, in the form that checks read. What it does not tell becomes a gap."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from karst.plan.network.routes import table
from karst.verify.observed import LldpNeighbour, ObservedNode
from karst.verify.reading.said import SAID_MAX, NoDocumentError, Reading, reading_of

T = TypeVar("T")


def read(printed: bytes) -> ObservedNode:
    """Return what a probe's document says; what is no such document is a device of which nothing was read."""
    try:
        reading = reading_of(printed)
    except NoDocumentError as fault:
        return ObservedNode(unread=str(fault))
    return ObservedNode(
        links_up=_section(reading, "links", "links_up", _links_up),
        speeds_gbps=_section(reading, "speeds", "speeds_gbps", _speeds),
        neighbours=_section(reading, "neighbours", "neighbours", _neighbours),
        sessions=_section(reading, "sessions", "sessions", _sessions),
        kernel_routes=_section(reading, "kernel", "kernel_routes", _kernel_routes),
        bgp_routes=_section(reading, "routes", "bgp_routes", _bgp_routes),
        gaps=reading.gaps,
    )


def _section(reading: Reading, name: str, section: str, parse: Callable[[Any], T]) -> T | None:
    text = reading.text(name, section)
    if text is None:
        return None
    try:
        return parse(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        reading.gaps[section] = f"{name} said what cannot be read: {text[:SAID_MAX] or 'nothing'}"
        return None


def _links_up(listed: list[dict[str, Any]]) -> frozenset[str]:
    """A link is up with its interface up and a carrier at its other end."""
    return frozenset(each["ifname"] for each in listed if {"UP", "LOWER_UP"} <= set(each["flags"]))


def _speeds(said: Mapping[str, str]) -> dict[str, float]:
    """Of `ethtool`, "Speed: 25000Mb/s"; an interface without a carrier has none."""
    found = {name: re.search(r"Speed: (\d+)Mb/s", text) for name, text in said.items()}
    return {name: int(match[1]) / 1000 for name, match in found.items() if match}


def _neighbours(said: Mapping[str, Any]) -> dict[str, tuple[LldpNeighbour, ...]]:
    """Of `lldpctl -f json0`, where everything is a list; who was moved away is heard until its word is too old."""
    found: dict[str, tuple[LldpNeighbour, ...]] = {}
    for heard in said["lldp"]:
        for each in heard.get("interface", ()):
            name = each["chassis"][0].get("name", [{}])[0].get("value", "")
            heard = LldpNeighbour(device=name, interface=each["port"][0]["id"][0]["value"])
            found[each["name"]] = (*found.get(each["name"], ()), heard)
    return found


def _sessions(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: peer["state"] for name, peer in said.get("peers", {}).items()}


def _kernel_routes(listed: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    return dict(table(json.dumps([each for each in listed if each.get("protocol") == "bgp"])))


def _bgp_routes(said: Mapping[str, list[dict[str, Any]]]) -> dict[str, frozenset[str]]:
    """As FRR believes to have installed them; host routes and the default in the kernel's words."""
    return {
        _in_kernel_s_words(prefix): frozenset(_next_hops(routes))
        for prefix, routes in said.items()
        if any(route.get("selected") for route in routes)
    }


def _next_hops(routes: list[dict[str, Any]]) -> Iterator[str]:
    for route in routes:
        if route.get("selected"):
            for hop in route.get("nexthops", ()):
                if hop.get("active") and "interfaceName" in hop:
                    yield hop["interfaceName"]


def _in_kernel_s_words(prefix: str) -> str:
    return "default" if prefix == "0.0.0.0/0" else prefix.removesuffix("/32")
