"""A log collector: what comes in by TCP goes into /var/lib/collected."""

import socketserver
from pathlib import Path

ADDRESS = ("127.0.0.31", 514)


class Collector(socketserver.StreamRequestHandler):
    """One sender."""

    def handle(self) -> None:
        """Keep every line at once."""
        with Path("/var/lib/collected").open("ab", buffering=0) as kept:
            for line in self.rfile:
                kept.write(line)


class Server(socketserver.ThreadingTCPServer):
    """May start anew while an old connection still closes."""

    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    Server(ADDRESS, Collector).serve_forever()
