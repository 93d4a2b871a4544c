"""A switch over SSH: read it, and change it so that it goes back by itself if it cannot be reached any more."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from time import monotonic
from typing import Any

from pydantic import TypeAdapter, ValidationError, with_config

from karst import ssh

_SCRIPT = files("karst.provider").joinpath("switch_script.py").read_text()
_READ_PATIENCE_S = 60.0
_SESSIONS_PATIENCE_S = 20
# Beside the timer: loading the text, waiting for sessions, loading the former one.
_WORK_PATIENCE_S = 90.0
_POLL_S = 1.0
_SAID_MAX = 200
# A connection that was opened before a change proves nothing after it, so none is shared; a dead one is noticed.
_OPTIONS = {"ControlMaster": "no", "ControlPath": "none", "ServerAliveInterval": "3", "ServerAliveCountMax": "3"}

Tell = Callable[[str], Awaitable[None]]


class SwitchError(Exception):
    """A switch is not as it should be, or cannot be reached; the sentence names it."""


class UnreachableError(SwitchError):
    """It did not answer, or not to the end: what became of it is not known."""


@with_config({"extra": "ignore"})
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a switch says; which of it is told goes by the question."""

    fault: str = ""
    running: str = ""
    saved: str = ""
    sessions: int = 0
    pending: bool = False
    rolled_back: str = ""


_ANSWER = TypeAdapter(Answer)


@dataclass(frozen=True, slots=True)
class Device:
    """A switch, and how it is reached: `authority` signs its key, `config` is OpenSSH's, None for the operator's."""

    name: str
    endpoint: str
    authority: str
    config: Path | None = None

    async def read(self) -> Answer:
        """Return what runs. Raises SwitchError."""
        return await self._ask("read", _READ_PATIENCE_S)

    async def push(self, text: str, rollback_after_s: int, tell: Tell) -> int:
        """Make it run `text`, now and after a reboot; return how many sessions are established then.

        Raises SwitchError: then it runs what it did before, or says that it does not.
        """
        token, patience_s = uuid.uuid4().hex, rollback_after_s + _WORK_PATIENCE_S
        change = {"token": token, "text": text}
        try:
            await tell("loading")
            more = {"rollback_after_s": rollback_after_s, "sessions_patience_s": _SESSIONS_PATIENCE_S}
            applied = await self._ask("apply", patience_s, **change, **more, program=_SCRIPT)
            if not applied.pending:
                return applied.sessions
        except UnreachableError as fault:
            return await self._settled(token, text, patience_s, fault, tell)
        try:
            await tell("confirming over a new connection")
            return (await self._ask("confirm", _READ_PATIENCE_S, **change)).sessions
        except SwitchError as fault:
            return await self._settled(token, text, patience_s, fault, tell)

    async def _settled(self, token: str, text: str, patience_s: float, reason: SwitchError, tell: Tell) -> int:
        """Wait until it has decided by itself: only a confirmation whose answer was lost is no failure."""
        deadline, said = monotonic() + patience_s, str(reason)
        while monotonic() < deadline:
            await tell(f"waiting until it rolls back by itself: {said}")
            try:
                found = await self.read()
            except UnreachableError as fault:
                said = str(fault)
            else:
                if not found.pending and found.running == found.saved == text:
                    return found.sessions
                if not found.pending:
                    what = "rolled back by the switch itself" if found.rolled_back == token else "not changed"
                    raise SwitchError(f"{self.name} was {what}: {reason}") from reason
            await asyncio.sleep(_POLL_S)
        raise SwitchError(f"{self.name} did not come back within {patience_s:.0f} s: {said}")

    async def _ask(self, action: str, patience_s: float, **request: Any) -> Answer:
        """Raises SwitchError."""
        program = f"{_SCRIPT}\n\nmain({ {'action': action, **request}!r})\n".encode()
        with ssh.known_hosts_files({self.authority}) as trust:
            given = {**ssh.options(self.name, self.endpoint, trust[self.authority]), **_OPTIONS}
            words = ("sudo", "-n", "python3", "-I", "-")
            try:
                async with asyncio.timeout(patience_s):
                    command = ssh.command(self.name, given, self.config, *words)
                    status, out, err = await ssh.run(command, program)
            except TimeoutError:
                raise UnreachableError(f"{self.name} did not answer within {patience_s:.0f} s") from None
            except (ssh.NoSshError, OSError) as fault:
                raise SwitchError(f"{self.name} cannot be asked: {fault}") from fault
        if status:
            last = err.decode(errors="replace").strip().splitlines()[-1:] or [f"ssh ended with {status}"]
            raise UnreachableError(f"{self.name} cannot be reached at {self.endpoint}: {last[0][:_SAID_MAX]}")
        try:
            answer = _ANSWER.validate_json(out)
        except ValidationError:
            said = out[:_SAID_MAX].decode(errors="replace")
            raise UnreachableError(f"{self.name} answered no document, but: {said or 'nothing'}") from None
        if answer.fault:
            raise SwitchError(f"{self.name}: {answer.fault}")
        return answer
