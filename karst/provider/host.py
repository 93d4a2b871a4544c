"""The host on a server: what it says of itself by the key that it shows, and the wait until it is there."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic

from karst.provider.model import ServerArgs
from karst.redfish.errors import TaskError, UnobservedError
from karst.ssh_ca import SshCaError, read_host_certificate

# From power to an installed host: firmware, a gigabyte over the out-of-band network, an installation, a second start.
_INSTALL_PATIENCE_S = 1800.0
_CONNECT_S = 5.0
_FIRST_POLL_S = 0.5
_LAST_POLL_S = 5.0
_CERTIFICATE = "ssh-ed25519-cert-v01@openssh.com"

Tell = Callable[[str], Awaitable[None]]


async def image_of(server: ServerArgs, authority: str | None) -> str | None:
    """The image that the server's host says was installed on it, None if no host answers.

    The word is the SSH CA's: it signed the host's key, for this server and this image. Raises UnobservedError for a
    host whose key it did not sign.
    """
    if server.host is None or not await _answers(server.host):
        return None
    if authority is None:
        raise UnobservedError(f"nothing says whose host answers at {server.host}: the provider has no ssh_ca")
    try:
        found = read_host_certificate(await _certificate(server.host), authority)
    except SshCaError as fault:
        raise UnobservedError(f"the host at {server.host} is not to be believed: {fault}") from fault
    name, _, image = found.key_id.partition(" ")
    if server.asset_tag is not None and name != server.asset_tag:
        raise UnobservedError(f"the host at {server.host} is {name}, not {server.asset_tag}")
    return image


async def await_host(server: ServerArgs, authority: str | None, tell: Tell) -> None:
    """Wait until the host that was to be installed is there. Raises TaskError, UnobservedError."""
    began, pause_s, shown = monotonic(), _FIRST_POLL_S, "no host answered"
    while monotonic() - began < _INSTALL_PATIENCE_S:
        try:
            image = await image_of(server, authority)
        except UnobservedError as fault:
            # A host that is not ours may be the one that the installer is about to replace.
            shown = str(fault)
        else:
            if image == server.image:
                return
            shown = "no host answered" if image is None else f"the host still has {image}"
        await tell(f"installing for {monotonic() - began:.0f} s, {shown}")
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.3, _LAST_POLL_S)
    raise TaskError(f"{server.image} was not installed within {_INSTALL_PATIENCE_S:.0f} s: {shown}")


def _place(host: str) -> tuple[str, str]:
    address, _, port = host.rpartition(":")
    return address, port


async def _answers(host: str) -> bool:
    """Whether an SSH server greets: cheaper than a key exchange, which a thousand hosts at once would feel."""
    address, port = _place(host)
    try:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await asyncio.open_connection(address, int(port))
            try:
                return (await reader.readline()).startswith(b"SSH-2.0-")
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


async def _certificate(host: str) -> str:
    """The host certificate that it shows. Raises UnobservedError."""
    scan = shutil.which("ssh-keyscan")
    if scan is None:
        raise UnobservedError("ssh-keyscan is not on PATH, so no host can prove who it is; install openssh-client")
    address, port = _place(host)
    process = await asyncio.create_subprocess_exec(
        *(scan, "-c", "-t", "ed25519", "-T", f"{_CONNECT_S:.0f}", "-p", port, address),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    words = out.decode(errors="replace").split()
    if _CERTIFICATE not in words[:-1]:
        raise UnobservedError(f"the host at {host} shows no certificate for its key")
    return " ".join(words[words.index(_CERTIFICATE) :][:2])
