"""Progress of the builds: which tool, how far, and an honest estimate of what remains."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from pins import Pin

# Without a terminal a line now and then is enough for a log.
LOG_INTERVAL_S = 30.0
# What a build that outlasts its estimate still needs, as a share of what it has taken.
_OVERRUN = 0.2


class Progress:
    """Tells on standard error. The pins' seconds are weights, rescaled by what this machine has shown so far."""

    def __init__(self, pins: Sequence[Pin]) -> None:
        self.pins = list(pins)
        self.done: list[tuple[Pin, float]] = []
        self.started = time.monotonic()
        self.shown = 0.0
        self.tty = sys.stderr.isatty()

    def begin(self, pin: Pin) -> None:
        """A build starts."""
        self.current, self.current_started, self.shown = pin, time.monotonic(), 0.0
        self._say(f"building {pin.name} {pin.version}", end="\n" if not self.tty else "")

    def tick(self) -> None:
        """Called about once a second while a build runs."""
        now = time.monotonic()
        if now - self.shown < (1.0 if self.tty else LOG_INTERVAL_S) or now - self.current_started < 1:
            return
        self.shown = now
        self._say(
            f"building {self.current.name}, {_clock(now - self.current_started)} so far", end="" if self.tty else "\n"
        )

    def finish(self) -> None:
        """The build has ended."""
        elapsed = time.monotonic() - self.current_started
        self.done.append((self.current, elapsed))
        self._say(f"{self.current.name} is there after {_clock(elapsed)}", end="\n")

    def remaining_s(self) -> float:
        """Weights still to do, at the speed of those done; a build that outlasts its weight stretches it."""
        scale = sum(s for _, s in self.done) / sum(pin.seconds for pin, _ in self.done) if self.done else 1.0
        finished = {pin.name for pin, _ in self.done}
        left = sum(pin.seconds for pin in self.pins if pin.name not in finished | {self.current.name}) * scale
        if self.current.name not in finished:
            spent = time.monotonic() - self.current_started
            left += max(self.current.seconds * scale - spent, spent * _OVERRUN)
        return left

    def _say(self, what: str, end: str) -> None:
        number = self.pins.index(self.current) + 1
        left = self.remaining_s()
        tail = f", about {_clock(left)} left" if left > 1 else ""
        start = "\r\033[K" if self.tty else ""
        sys.stderr.write(f"{start}tools {number}/{len(self.pins)}: {what}{tail}{end}")
        sys.stderr.flush()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
