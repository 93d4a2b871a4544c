"""The site's time sources, as its hosts see them: a source that is wrong is one finding, and not one a host.

A host alone cannot tell whether a source is silent or the way to it is cut; its neighbours can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from statistics import median

from karst.verify.finding import Alert, Outcome, Verdict, failed, passed, unobserved
from karst.verify.observed import ObservedHost, TimeSource

SOURCE, SOURCE_ALERT = "time.source", Alert.TICKET  # the others outvote it
HOST, HOST_ALERT = "time.sources", Alert.TICKET

# Sources of one site differ by less than a millisecond; the way to them adds at most what `error_s` says. Beyond this
# a clock is wrong, not far away.
FALSE_S = 0.1
# With fewer others nobody can say which of two is wrong.
_OTHERS = 2


class _Kind(Enum):
    """What a source is to a host."""

    GOOD = auto()
    FALSE = auto()
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class _View:
    """A source as a host sees it. `off_s`: how far it is ahead of what the others say."""

    kind: _Kind
    off_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts by name of the source, and by name of the host (`part` is the source)."""

    sources: Mapping[str, Verdict]
    hosts: Mapping[str, list[Verdict]]


def judge(planned: Mapping[str, str], hosts: Mapping[str, ObservedHost], voters: Collection[str]) -> Judged:
    """Judge the site's sources (name -> address) by what the `voters` among the hosts see, then each host's own."""
    told = {host: seen.sources for host, seen in hosts.items() if seen.sources is not None and not seen.unread}
    views = {host: _views(seen, planned) for host, seen in told.items()}
    deaf = {host for host, found in views.items() if all(view.kind is _Kind.SILENT for view in found.values())}
    votes = [found for host, found in views.items() if host in voters and host not in deaf]
    sources = {name: _source([found[name] for found in votes if name in found]) for name in planned}
    verdicts: dict[str, list[Verdict]] = {}
    for host, seen in hosts.items():
        if host not in told:
            verdicts[host] = [unobserved(seen.unread or seen.gaps.get("sources", "sources was not read"))]
        else:
            said = _host(planned, told[host], views[host], sources, deaf=host in deaf)
            verdicts[host] = list(said) or [passed("its sources are the site's, they answer and agree")]
    return Judged(sources, verdicts)


def _views(seen: Mapping[str, TimeSource], planned: Mapping[str, str]) -> dict[str, _View]:
    return {name: _view(seen, address) for name, address in planned.items() if address in seen}


def _view(seen: Mapping[str, TimeSource], address: str) -> _View:
    source = seen[address]
    if not source.answers:
        return _View(_Kind.SILENT)
    others = [each.offset_s for other, each in seen.items() if other != address and each.answers]
    if len(others) < _OTHERS:
        return _View(_Kind.GOOD)
    off_s = source.offset_s - median(others)
    return _View(_Kind.FALSE if abs(off_s) > FALSE_S + source.error_s else _Kind.GOOD, off_s)


def _source(views: Collection[_View]) -> Verdict:
    answered = [view for view in views if view.kind is not _Kind.SILENT]
    if not views:
        return unobserved("no host that was read and gets any time asks it")
    if not answered:
        return failed(f"it answers none of the hosts that ask it, {len(views):,}")
    false = [view.off_s for view in answered if view.kind is _Kind.FALSE]
    if 2 * len(false) > len(answered):
        return failed(f"it is {_off(median(false))}, as {len(false):,} of {len(answered):,} hosts see it")
    return passed("it answers, and the others agree with it")


def _host(
    planned: Mapping[str, str],
    seen: Mapping[str, TimeSource],
    views: Mapping[str, _View],
    sources: Mapping[str, Verdict],
    deaf: bool,
) -> Iterator[Verdict]:
    """What is this host's own: a source that is wrong for all is not."""
    if deaf and views:
        yield failed("none of its sources answers it")
    for name in planned:
        view = views.get(name)
        if view is None:
            yield failed("it does not ask this source", name)
        elif sources[name].outcome is Outcome.PASSED and not deaf:
            if view.kind is _Kind.SILENT:
                yield failed("it gets no answer, and other hosts do", name)
            elif view.kind is _Kind.FALSE:
                yield failed(f"to this host, and not to others, it is {_off(view.off_s)}", name)
    for address in seen.keys() - set(planned.values()):
        yield failed("it asks a source that is not the site's", address)


def _off(off_s: float) -> str:
    return f"{abs(off_s):.3f} s {'ahead of' if off_s > 0 else 'behind'} what the others say"
