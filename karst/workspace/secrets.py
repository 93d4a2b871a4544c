"""Secrets of a clone's twin: random, made at set-up, in files that only their owner reads."""

from __future__ import annotations

import json
import secrets
from typing import TypedDict

from karst.files import write_private
from karst.workspace.paths import Paths

# Many BMCs still take 20 characters at most (IPMI 2.0's limit): 18 random ones (105 bits) and two for complexity rules.
_ALPHABET = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 18


class Credential(TypedDict):
    """An account."""

    user: str
    password: str


class Secrets(TypedDict):
    """`secrets.json`: what BMCs leave the factory with, Karst's account by generation, hosts' at NUT servers."""

    factory: Credential
    bmc: dict[str, Credential]
    nut: Credential


def create() -> Secrets:
    """New secrets, credential generation 1."""
    return {"factory": _credential("root"), "bmc": {"1": _credential("karst")}, "nut": _credential("karst")}


def read(paths: Paths) -> Secrets:
    """The clone's secrets. Raises OSError."""
    loaded: Secrets = json.loads(paths.secrets.read_text())
    return loaded


def write(paths: Paths, content: Secrets) -> None:
    """Keep the clone's secrets, 0600, all or nothing."""
    write_private(paths.secrets, json.dumps(content, indent=2) + "\n")


def add_generation(paths: Paths) -> int:
    """Make the next credential generation and keep it; the earlier ones stay. Returns its number."""
    content = read(paths)
    generation = max(map(int, content["bmc"])) + 1
    content["bmc"][str(generation)] = _credential("karst")
    write(paths, content)
    return generation


def passphrase() -> str:
    """A new passphrase for the stacks' secrets, 256 bits."""
    return secrets.token_urlsafe(32)


def _credential(user: str) -> Credential:
    password = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    # A digit and a capital, whatever the random ones are.
    return {"user": user, "password": f"{password}7K"}
