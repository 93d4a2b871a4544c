"""The twin, taking down every request that its BMCs answer: `recording.py FILE`, then the arguments of karst.twin."""

from __future__ import annotations

import base64
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import orjson

from karst.twin import listener
from karst.twin.__main__ import main
from karst.twin.bmc import Bmc
from karst.twin.faults import Fault
from karst.twin.messages import Answer, Ask

# What makes a request what it is; the rest (Host, User-Agent, lengths) each client has its own of.
HEADERS = ("authorization", "content-type", "if-match", "x-auth-token")

taken: list[tuple[str, Ask, int]] = []
respond = listener.respond


def recorded(bmc: Bmc, ask: Ask, faults: list[Fault]) -> Answer:
    answer = respond(bmc, ask, faults)
    taken.append((bmc.name, ask, answer.status))
    return answer


def written(device: str, ask: Ask, status: int) -> dict[str, Any]:
    headers = {name: ask.headers[name] for name in HEADERS if name in ask.headers}
    body = base64.b64encode(ask.body).decode()
    return {
        "device": device, "method": ask.method, "path": ask.path, "query": ask.query, "headers": headers,
        "body": body, "status": status,
    }  # fmt: skip


def write(file: Path) -> None:
    """All that was taken down since the last time; whole or not at all."""
    fresh, taken[:] = list(taken), []
    scratch = file.with_suffix(".new")
    scratch.write_bytes(b"".join(orjson.dumps(written(*each)) + b"\n" for each in fresh))
    scratch.rename(file)


if __name__ == "__main__":
    target = Path(sys.argv[1])

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # as signal.signal wants it
        write(target)

    signal.signal(signal.SIGUSR1, on_signal)
    listener.respond = recorded
    sys.exit(main(sys.argv[2:]))
