"""A hall of servers and switches with an exporter each, and the gateway that pages come to.

The servers are made up of files, which the role's own script reads whenever an exporter is asked. Path A is lost while
`/srv/hall/A.lost` is there: its leaf is off. What the gateway gets stands in `/srv/notified.jsonl`.
"""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import karst_hardware
import machine

HALL, NOTIFIED = Path("/srv/hall"), Path("/srv/notified.jsonl")
TARGETS = Path("/srv/targets")
TLS = Path("/etc/prometheus/tls")
LOCK = threading.Lock()


class Exporter(BaseHTTPRequestHandler):
    """Answers for the server or switch at its own address."""

    protocol_version = "HTTP/1.1"  # keeps connections: so many handshakes a second would be most of a scenario's work
    labels: dict[str, dict[str, str]] = {}  # by address

    def do_GET(self) -> None:
        """All readings of the device, as they are now."""
        labels = self.labels[self.connection.getsockname()[0]]
        if "switch" in labels and lost(labels["path"]):
            self.send_error(503)
            return
        text = (links() if "switch" in labels else hardware(labels["server"])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def lost(path: str) -> bool:
    """Whether a path has no power."""
    return (HALL / f"{path}.lost").exists()


def links() -> str:
    """A switch's ports, all of them up."""
    return "".join(f'node_network_up{{device="swp{number}"}} 1\n' for number in range(1, 57))


def hardware(name: str) -> str:
    """A server's readings."""
    rack = name.rpartition("-")[0]
    ports = enumerate(("A", "B"), start=1)
    cords = [{"power_port": f"PSU{n}", "pdu": f"{rack}-pdu-{path.lower()}", "path": path} for n, path in ports]
    for number, cord in enumerate(cords, start=1):
        machine.feed(HALL / name, number, 0 if lost(cord["path"]) else machine.GOOD_MV)
    return karst_hardware.as_text(karst_hardware.readings(HALL / name, cords))


class Gateway(BaseHTTPRequestHandler):
    """Notes each notification: where it was posted to, and what it says."""

    def do_POST(self) -> None:
        """Take one."""
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with LOCK, NOTIFIED.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"to": self.path.strip("/"), **said}) + "\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.crt", TLS / "server.key")
    context.load_verify_locations(TLS / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    for entry in (each for file in TARGETS.iterdir() for each in json.loads(file.read_text(encoding="utf-8"))):
        address, _, port = entry["targets"][0].partition(":")
        Exporter.labels[address] = entry["labels"]
        if "server" in entry["labels"]:
            machine.build(HALL / entry["labels"]["server"])
        server = ThreadingHTTPServer((address, int(port)), Exporter)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever).start()
    NOTIFIED.touch()
    ThreadingHTTPServer(("127.0.0.1", 9095), Gateway).serve_forever()


if __name__ == "__main__":
    main()
