"""Checks of the flows in `network.yml`."""

from __future__ import annotations

from ipaddress import IPv4Network

from karst.site.flows import Flow, Protocol, Source, ToRole
from karst.site.network import NetworkFile
from karst.site.problems import Problems, nearest
from karst.site.read import Document
from karst.site.references.refer import Path
from karst.site.sentences import place

_WORDS = tuple(word.value for word in Source)
_EXPECTED = f"one of {', '.join(_WORDS)}, or an IPv4 network such as 10.64.0.0/16, with no bits set after its prefix"


def check_flows(document: Document[NetworkFile], network: NetworkFile, problems: Problems) -> None:
    """Pass: names differ, each flow says whom it is for and on which ports, and nothing of it twice."""
    names: dict[str, int] = {}
    for index, flow in enumerate(network.flows):
        path = ("flows", index)
        first = names.setdefault(flow.name, index)
        if first != index:
            what = f'{place(path)} is called "{flow.name}", as {place(("flows", first))} is'
            problems.error(document.file, document.line(*path, "name"), what, "a name of its own for every flow")
        for position, source in enumerate(flow.sources):
            _source(document, (*path, "from", position), source, problems)
        _alone(document, (*path, "from"), flow.sources, Source.ANYWHERE.value, problems)
        _alone(document, (*path, "to_role"), tuple(role.value for role in flow.to_role), ToRole.ALL.value, problems)
        _ports(document, path, flow, problems)


def _source(document: Document[NetworkFile], path: Path, source: str, problems: Problems) -> None:
    """Pass: it is one of the words, or a network smaller than the whole world."""
    if source in _WORDS:
        return
    try:
        network = IPv4Network(source)
    except ValueError:
        what = f'{place(path)} is "{source}"'
        problems.error(document.file, document.line(*path), what, _EXPECTED + nearest(source, _WORDS))
        return
    if not network.prefixlen:
        problems.error(document.file, document.line(*path), f"{place(path)} is {source}", 'the word "anywhere"')


def _alone(
    document: Document[NetworkFile], path: Path, names: tuple[str, ...], everyone: str, problems: Problems
) -> None:
    """Pass: no name stands twice, and the one that means everyone stands alone."""
    line = document.line(*path)
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.error(document.file, line, f'{place(path)} names "{name}" twice', "every name once")
    if everyone in names and len(set(names)) > 1:
        problems.error(document.file, line, f'{place(path)} has "{everyone}" beside others', f'"{everyone}" alone')


def _ports(document: Document[NetworkFile], path: Path, flow: Flow, problems: Problems) -> None:
    """Pass: TCP and UDP have ports, each once, and ICMP has none."""
    here = (*path, "ports")
    if flow.protocol is Protocol.ICMP:
        if flow.ports:
            what = f"{place(path)}: {flow.name} has ports, and its protocol is icmp"
            problems.error(document.file, document.line(*here), what, "no ports")
    elif not flow.ports:
        what = f"{place(path)}: {flow.name} has no ports, and its protocol is {flow.protocol.value}"
        problems.error(document.file, document.line(*path), what, "one port at least")
    for port in sorted({port for port in flow.ports if flow.ports.count(port) > 1}):
        problems.error(document.file, document.line(*here), f"{place(here)} has {port} twice", "every port once")
