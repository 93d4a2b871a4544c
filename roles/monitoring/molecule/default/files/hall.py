"""A hall of servers with an exporter each, and the gateway that pages come to.

The servers are made up of files, which the role's own script reads whenever an exporter is asked. Path A is lost while
`/srv/hall/A.lost` is there. What the gateway gets stands in `/srv/notified.jsonl`.
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
TLS = Path("/etc/prometheus/tls")
LOCK = threading.Lock()


class Exporter(BaseHTTPRequestHandler):
    """Answers for the server at its own address."""

    protocol_version = "HTTP/1.1"  # keeps connections: twelve handshakes a second would be most of a scenario's work
    servers: dict[str, str] = {}  # by address

    def do_GET(self) -> None:
        """All readings of the server, as they are now."""
        name = self.servers[self.connection.getsockname()[0]]
        rack = name.rpartition("-")[0]
        ports = enumerate(("A", "B"), start=1)
        cords = [{"power_port": f"PSU{n}", "pdu": f"{rack}-pdu-{path.lower()}", "path": path} for n, path in ports]
        for number, cord in enumerate(cords, start=1):
            lost = (HALL / f"{cord['path']}.lost").exists()
            machine.feed(HALL / name, number, 0 if lost else machine.GOOD_MV)
        text = karst_hardware.as_text(karst_hardware.readings(HALL / name, cords)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


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
    for entry in json.loads(Path("/srv/targets.json").read_text(encoding="utf-8")):
        address, _, port = entry["targets"][0].partition(":")
        Exporter.servers[address] = entry["labels"]["server"]
        machine.build(HALL / entry["labels"]["server"])
        server = ThreadingHTTPServer((address, int(port)), Exporter)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever).start()
    NOTIFIED.touch()
    ThreadingHTTPServer(("127.0.0.1", 9095), Gateway).serve_forever()


if __name__ == "__main__":
    main()
