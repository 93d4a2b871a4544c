"""The client against an emulator that others wrote: what it supports must work."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from time import monotonic, sleep

import bcrypt
import pytest

from karst.pki import create_authority, fingerprint
from karst.redfish.accounts import Accounts
from karst.redfish.certificates import Certificates
from karst.redfish.client import Client
from karst.redfish.errors import LoginRefusedError, UnobservedError, UntrustedError
from karst.redfish.manager import manager_of
from karst.redfish.rack_pdu import RackPdu
from karst.redfish.resource import Credential
from karst.redfish.system import FORCE_OFF, ON, System
from karst.redfish.trust import Authority, Pinned

pytestmark = pytest.mark.slow

UUID = "58893887-8974-2487-2389-841168418919"
ADMIN = Credential("admin", "a word of passage")
AUTHORITY = create_authority("Test", "Karst", 10)
CERTIFICATE, KEY = AUTHORITY.issue("emulator", addresses=[IPv4Address("127.0.0.1")])


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sushy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "crt").write_text(CERTIFICATE)
    (folder / "key").write_text(KEY)
    sealed = bcrypt.hashpw(ADMIN.password.encode(), bcrypt.gensalt(4)).decode()
    (folder / "users").write_text(f"{ADMIN.user}:{sealed}\n")
    (folder / "state").mkdir()
    (folder / "conf").write_text(
        f"""
SUSHY_EMULATOR_FAKE_DRIVER = True
SUSHY_EMULATOR_LISTEN_IP = "127.0.0.1"
SUSHY_EMULATOR_LISTEN_PORT = {port}
SUSHY_EMULATOR_SSL_CERT = {str(folder / "crt")!r}
SUSHY_EMULATOR_SSL_KEY = {str(folder / "key")!r}
SUSHY_EMULATOR_AUTH_FILE = {str(folder / "users")!r}
SUSHY_EMULATOR_STATE_DIR = {str(folder / "state")!r}
SUSHY_EMULATOR_FAKE_SYSTEMS = [
    {{"uuid": {UUID!r}, "name": "node", "power_state": "Off", "external_notifier": False,
      "nics": [{{"mac": "00:5c:52:31:3a:9c", "ip": "172.22.0.100"}}]}}
]
"""
    )
    command = Path(sys.executable).with_name("sushy-emulator")
    with (folder / "log").open("wb") as log:
        emulator = subprocess.Popen(
            [command, "--config", folder / "conf"], stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)}
        )
    try:
        deadline = monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert monotonic() < deadline, (folder / "log").read_text()
                sleep(0.1)
        yield f"https://127.0.0.1:{port}"
    finally:
        emulator.terminate()
        emulator.wait(10)


async def test_power(endpoint: str) -> None:
    async with Client(endpoint, Authority(AUTHORITY.certificate_pem)) as bmc:
        await bmc.open()
        await bmc.login(ADMIN)
        (system,) = await System.all(bmc)
        assert system.uuid == UUID
        assert system.power == "Off"
        await system.reset(ON, ("On", "PoweringOn"))
        system = await system.wait_power("On", 30)
        await system.reset(FORCE_OFF, ("Off", "PoweringOff"))
        await system.wait_power("Off", 30)


async def test_what_it_lacks_is_no_crash(endpoint: str) -> None:
    async with Client(endpoint, Pinned(fingerprint(CERTIFICATE))) as bmc:
        await bmc.open()
        await bmc.login(ADMIN)
        (system,) = await System.all(bmc)
        assert await system.bios() is None
        with pytest.raises(UnobservedError):
            await Accounts.read(bmc)
        with pytest.raises(UnobservedError):
            await Certificates.read(bmc, await manager_of(bmc, system.resource))
        with pytest.raises(UnobservedError):
            await RackPdu.all(bmc)


async def test_a_wrong_password_is_refused(endpoint: str) -> None:
    async with Client(endpoint, Pinned(fingerprint(CERTIFICATE))) as bmc:
        await bmc.open()
        with pytest.raises(LoginRefusedError):
            await bmc.login(Credential("admin", "guessed"))


async def test_nothing_is_said_to_a_stranger(endpoint: str) -> None:
    other = create_authority("Other", "Karst", 10)
    for trust in (Pinned("00" * 32), Authority(other.certificate_pem)):
        async with Client(endpoint, trust) as bmc:
            with pytest.raises(UntrustedError):
                await bmc.open()
            assert bmc.root.body == {}
