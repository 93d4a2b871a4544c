"""A twin as a real process, and a client that is not Karst's own."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from karst.files import write_private
from karst.twin import factory
from karst.twin.client import Control
from karst.twin.home import Home, TwinError

REPOSITORY = Path(__file__).resolve().parents[2]
USER, PASSWORD = "root", "Factory-Test-7K"  # of twins that live for a test
RACKS = 99  # a row has no more positions
TIMING = "power_on_s=0.3,shutdown_s=0.2,cycle_s=0.2,task_s=0.2,bmc_start_s=0.3"
# Short name of a device in each rack of the lab, by the shape of its BMC.
SHORT = {"fanjing": "s01", "leigong": "s03", "wumeng": "s04", "qianling": "pdu-a"}
SERVERS = ("fanjing", "leigong", "wumeng")
PATIENCE_S = 20.0
START_PATIENCE_S = 90.0  # with hosts it waits until its switches can be logged in to


def until(what: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Poll until `what` is true, and return it."""
    deadline = time.monotonic() + patience_s
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)
    return found


def long_lab(folder: Path) -> Path:
    """The lab with many racks, so that every test has devices of its own."""
    site = folder / "sites" / "lab"
    shutil.copytree(REPOSITORY / "sites" / "lab", site)
    for name, old, new in (
        ("racks.yml", "positions: 1-3", f"positions: 1-{RACKS}"),
        ("spaces.yml", "positions: 3", f"positions: {RACKS}"),
    ):
        text = (site / name).read_text()
        assert old in text
        (site / name).write_text(text.replace(old, new))
    lines = ["schema: 1", "racks:"]
    blocks = IPv4Network("10.64.0.0/16").subnets(new_prefix=26)
    loopbacks = IPv4Network("10.80.0.0/16").subnets(new_prefix=26)
    for index in range(RACKS):
        numbers = f"out_of_band: {next(blocks)}, loopbacks: {next(loopbacks)}, as_number: {4200000000 + index}"
        lines.append(f"  h1-r1-{index + 1:02d}: {{ordinal: {index}, {numbers}}}")
    lines += ["control_plane:", "  lab: [h1-r1-01-s01, h1-r1-02-s01, h1-r1-03-s01]"]
    switches = (site / "allocations.yml").read_text().partition("switches:")[2]
    (site / "allocations.yml").write_text("\n".join([*lines, f"switches:{switches}"]))
    return site


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: Any

    @property
    def messages(self) -> list[str]:
        return [each["MessageId"].rsplit(".", 1)[1] for each in self.body["error"]["@Message.ExtendedInfo"]]


@dataclass
class Bmc:
    """One BMC over HTTPS, trusting exactly `certificate`. Keeps its connection."""

    address: str
    port: int
    certificate: str
    auth: tuple[str, str] | None = (USER, PASSWORD)
    token: str | None = None
    connection: http.client.HTTPSConnection | None = None

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False  # a factory certificate names no address
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        made.load_verify_locations(cadata=self.certificate)
        return made

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        sent = dict(headers or {})
        if self.token:
            sent["X-Auth-Token"] = self.token
        elif self.auth:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(self.auth).encode()).decode()
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.address, self.port, timeout=15, context=self.context())
        try:
            self.connection.request(method, path, data, sent)
            answer = self.connection.getresponse()
            raw = answer.read()
        except BaseException:
            self.close()
            raise
        is_json = "json" in answer.headers.get("Content-Type", "")
        return Answer(answer.status, answer.headers, json.loads(raw) if raw and is_json else raw.decode())

    def get(self, path: str, **headers: str) -> Any:
        answer = self.ask("GET", path, headers=headers)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.body

    def patch(self, path: str, body: Any, settle: bool = True) -> Answer:
        """PATCH with the ETag of now; a task is followed to its end."""
        answer = self.ask("PATCH", path, body, {"If-Match": self.get(path)["@odata.etag"]})
        return self.settled(answer) if settle else answer

    def post(self, path: str, body: Any, settle: bool = True) -> Answer:
        answer = self.ask("POST", path, body)
        return self.settled(answer) if settle else answer

    def settled(self, answer: Answer) -> Answer:
        while answer.status == 202:
            time.sleep(0.05)
            answer = self.ask("GET", answer.headers["Location"])
        return answer

    def link(self, *steps: str) -> str:
        """Walk from the service root: a property, or "0" for a collection's first member."""
        body, path = self.get("/redfish/v1/"), "/redfish/v1/"
        for step in steps:
            found: Any = body["Members"][int(step)] if step.isdigit() else body[step]
            path = found["@odata.id"]
            body = self.get(path)
        return path

    @property
    def system(self) -> str:
        return self.link("Systems", "0")

    @property
    def manager(self) -> str:
        return self.link("Managers", "0")

    def power(self) -> str:
        return self.get(self.system)["PowerState"]

    def reset(self, kind: str) -> Answer:
        return self.post(self.get(self.system)["Actions"]["#ComputerSystem.Reset"]["target"], {"ResetType": kind})

    def reset_until(self, kind: str, state: str) -> None:
        assert self.reset(kind).status in (200, 204)
        until(lambda: self.power() == state)


@dataclass
class Twin:
    """A running twin."""

    home: Home
    site: Path
    process: subprocess.Popen[bytes] | None = None
    handed_out: dict[str, int] = field(default_factory=dict)
    port: int = 0
    addresses: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    hardware: Path = REPOSITORY / "hardware"

    @property
    def control(self) -> Control:
        return Control(self.home)

    def start(self) -> None:
        command = [sys.executable, "-m", "karst.twin", "--home", str(self.home.path), "--site", str(self.site)]
        command += ["--hardware", str(self.hardware), "--no-control-plane", "--timing", TIMING]
        command += ["--port", str(self.port), *self.arguments]
        with self.home.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        found = until(self._status, START_PATIENCE_S)
        self.port = found["port"]
        self.addresses = {name: device["address"] for name, device in found["devices"].items()}

    def _status(self) -> dict[str, Any] | None:
        assert self.process is not None
        assert self.process.poll() is None, self.home.log.read_text()
        try:
            return self.control.status()
        except TwinError:
            return None

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(PATIENCE_S) == 0

    def bmc(self, device: str, **more: Any) -> Bmc:
        return Bmc(self.addresses[device], self.port, factory.certificate(device).certificate, **more)

    def fresh(self, shape: str) -> str:
        """A device of the shape that no test has had. PDUs come from the far end: what they cut is nobody's server."""
        count = self.handed_out[shape] = self.handed_out.get(shape, 0) + 1
        assert count <= RACKS, f"all devices of shape {shape} have been handed out"
        index = RACKS + 1 - count if shape == "qianling" else count
        return f"h1-r1-{index:02d}-{SHORT[shape]}"

    def device(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.control.status()["devices"][name]
        return found


def new_twin(folder: Path, site: Path, *arguments: str) -> Twin:
    home = Home(folder / "twin")
    home.path.mkdir(mode=0o700, parents=True)
    write_private(
        home.secrets, json.dumps({whose: {"user": USER, "password": PASSWORD} for whose in ("factory", "nut")})
    )
    return Twin(home, site, arguments=arguments)


def running(folder: Path, site: Path, *arguments: str) -> Iterator[Twin]:
    twin = new_twin(folder, site, *arguments)
    try:
        twin.start()
        yield twin
    finally:
        if twin.process is not None and twin.process.poll() is None:
            twin.stop()


def served_certificate(address: str, port: int) -> str:
    """The certificate that is served now, in PEM, whatever it is."""
    return ssl.get_server_certificate((address, port), timeout=10)


def answers(address: str, port: int) -> bool:
    """Whether TLS comes about at all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only whether anybody is there
    try:
        with socket.create_connection((address, port), timeout=5) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


def next_address(address: str, by: int) -> str:
    return str(IPv4Address(address) + by)
