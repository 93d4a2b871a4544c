"""The lab's twin as a process, its racks as inputs, and a hand at its BMCs that Pulumi knows nothing of."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from karst.pki import Authority, create_authority
from karst.plan.endpoint import endpoint
from karst.plan.model import Pdu, Plan, Server
from karst.plan.pipeline import plan
from karst.plan.rack import rack as planned_rack
from karst.redfish.client import Client
from karst.redfish.rack_pdu import RackPdu
from karst.redfish.resource import Credential
from karst.redfish.system import System
from karst.redfish.trust import Authority as Trust
from karst.site.load import load
from karst.twin.client import Control
from karst.twin.home import Home, TwinError

CLONE = Path(__file__).resolve().parents[2]
PREFIX = IPv4Network("127.64.0.0/16")
TIMING = "power_on_s=0.3,shutdown_s=0.3,cycle_s=0.1,task_s=0.05,bmc_start_s=0.3"

FACTORY = {"user": "root", "password": "FactoryWord7K"}
GENERATIONS = {str(number): {"user": "karst", "password": f"WordOfGeneration{number}K"} for number in (1, 2, 3)}
RACK = "h1-r1-01"


@dataclass(slots=True)
class Lab:
    """A running twin of a site."""

    folder: Path
    site: Path
    port: int
    plan: Plan
    authority: Authority
    process: subprocess.Popen[bytes] | None = None
    timing: str = TIMING

    @property
    def home(self) -> Home:
        """Of the twin."""
        return Home(self.folder / "twin")

    @property
    def control(self) -> Control:
        """Its control socket."""
        return Control(self.home)

    def start(self) -> None:
        """Start the twin, or start it again."""
        (self.folder / "twin").mkdir(exist_ok=True)
        log = (self.folder / "twin.out").open("ab")
        command = [sys.executable, "-m", "karst.twin", "--home", str(self.home.path), "--site", str(self.site)]
        command += ["--hardware", str(CLONE / "hardware"), "--port", str(self.port), "--prefix", str(PREFIX)]
        command += ["--no-control-plane", "--timing", self.timing]
        self.process = subprocess.Popen(command, cwd=CLONE, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = monotonic() + 60
        while True:
            try:
                self.control.status(devices=False)
                return
            except TwinError:
                alive = self.process.poll() is None
                assert alive and monotonic() < deadline, (self.folder / "twin.out").read_text()  # noqa: PT018
                sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the twin."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def devices(self) -> dict[str, dict[str, Any]]:
        """What the twin says of its devices."""
        found: dict[str, dict[str, Any]] = self.control.status()["devices"]
        return found

    def configuration(self, **changed: Any) -> dict[str, Any]:
        """Of the provider."""
        made = {
            "credentials": {"1": GENERATIONS["1"]},
            "credential_generation": 1,
            "factory_credentials": {"factory": FACTORY},
            "ca_certificate": self.authority.certificate_pem,
            "ca_key": self.authority.key_pem,
            "allow_destroy": True,
            "timeout_s": 20,
        }
        return {**made, **changed}

    def rack(self, name: str = RACK, generation: int = 1, **changed: dict[str, Any]) -> dict[str, Any]:
        """A rack's inputs; `changed` by short name with underscores: `s01={"power": "Off"}`, `pdu_a={…}`."""
        found = planned_rack(self.plan, name)
        made = {
            "name": name,
            "credential_generation": generation,
            "servers": {each.name: self._server(each) for each in found.servers.values()},
            "pdus": {each.name: self._device(each) for each in found.pdus.values()},
        }
        for short, change in changed.items():
            device = f"{name}-{short.replace('_', '-')}"
            made["pdus" if "pdu" in short else "servers"][device] |= change
        return made

    def whole(self, generation: int = 1) -> dict[str, Any]:
        """All BMCs of the site as one rack: one operation for many cases."""
        racks = [self.rack(name, generation) for name in self.plan.racks]
        merged = {
            group: {name: each for rack in racks for name, each in rack[group].items()} for group in ("servers", "pdus")
        }
        return {"name": RACK, "credential_generation": generation, **merged}

    def events(self, device: str, words: str) -> list[float]:
        """When, in seconds since the epoch, the twin noted an event whose message has the words."""
        with closing(sqlite3.connect(f"file:{self.home.database}?mode=ro", uri=True)) as database:
            query = "SELECT body FROM state WHERE device = ? AND section = 'log'"
            (body,) = database.execute(query, (device,)).fetchone()
        return [each["at"] for each in json.loads(body)["entries"] if words in each["message"]]

    def _device(self, device: Server | Pdu) -> dict[str, Any]:
        assert device.asset is not None
        prefix = self.plan.site.network.prefixes.out_of_band
        return {
            "endpoint": endpoint(device.out_of_band, prefix, PREFIX, self.port),
            "status": device.status.value,
            "serial_number": device.asset.serial_number,
            "uuid": str(device.asset.uuid),
            "certificate_sha256": device.asset.certificate_sha256,
            "factory_credential": device.asset.factory_credential,
        }

    def _server(self, server: Server) -> dict[str, Any]:
        return {
            **self._device(server),
            "power": "On",
            "asset_tag": server.name,
            "settings": dict(server.settings),
            "branches": sorted(f"{cord.pdu}/{cord.branch}" for cord in server.cords),
            "failure_domain": f"rack:{server.rack}",
        }

    @asynccontextmanager
    async def hand(self, device: str, generation: int = 1) -> AsyncIterator[Client]:
        """A person logged in at an enrolled BMC."""
        address = IPv4Address(self.devices()[device]["address"])
        login = GENERATIONS[str(generation)]
        async with Client(f"https://{address}:{self.port}", Trust(self.authority.certificate_pem)) as bmc:
            await bmc.open()
            await bmc.login(Credential(login["user"], login["password"]))
            yield bmc

    async def system(self, bmc: Client) -> System:
        """The only one."""
        (found,) = await System.all(bmc)
        return found

    async def pdu(self, bmc: Client) -> RackPdu:
        """The only one."""
        (found,) = await RackPdu.all(bmc)
        return found


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def lab(folder: Path, site: Path = CLONE / "sites" / "lab", timing: str = TIMING) -> Iterator[Lab]:
    """A twin fresh from the factory."""
    (folder / "secrets.json").write_text(json.dumps({"factory": FACTORY}))
    (folder / "secrets.json").chmod(0o600)
    planned = plan(load(site, CLONE / "hardware"))
    made = Lab(folder, site, free_port(), planned, create_authority("Test", "Karst", 30), timing=timing)
    made.start()
    try:
        yield made
    finally:
        made.stop()
