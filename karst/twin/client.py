"""The way to a running twin's control socket."""

from __future__ import annotations

import http.client
import socket
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from karst.twin.home import Home, TwinError


class _Connection(http.client.HTTPConnection):
    def __init__(self, home: Home, timeout_s: float) -> None:
        super().__init__("twin", timeout=timeout_s)
        self._home = home

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        with self._home.socket_address() as address:
            self.sock.connect(address)


class Control:
    """Asks and changes a running twin. Every method raises TwinError, with the twin's own words where it has some."""

    def __init__(self, home: Home, timeout_s: float = 30.0) -> None:
        self._home = home
        self._timeout_s = timeout_s

    def ask(self, method: str, path: str, body: object = None) -> Any:  # JSON of any form
        """One request; the JSON that it answers with."""
        connection = _Connection(self._home, self._timeout_s)
        try:
            data = None if body is None else orjson.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            parsed = orjson.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, orjson.JSONDecodeError) as fault:
            raise TwinError(f"the twin in {self._home.path} does not answer: {fault}") from fault
        finally:
            connection.close()
        if answer.status >= 400:
            raise TwinError(str(parsed.get("error", parsed)) if isinstance(parsed, dict) else str(parsed))
        return parsed

    def status(self, devices: bool = True) -> dict[str, Any]:
        """How it is; see docs/twin.md for the shape."""
        found: dict[str, Any] = self.ask("GET", f"/status?devices={int(devices)}")
        return found

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force."""
        found: list[dict[str, Any]] = self.ask("GET", "/faults")
        return found

    def set_faults(self, rules: list[dict[str, Any]]) -> None:
        """Put other rules in force; [] ends them all."""
        self.ask("PUT", "/faults", rules)

    def cabling(self) -> dict[str, Any]:
        """Cords and addresses as built."""
        found: dict[str, Any] = self.ask("GET", "/cabling")
        return found

    def change_cabling(self, changes: dict[str, Any]) -> None:
        """Change some cords or addresses; what is not named stays."""
        self.ask("PUT", "/cabling", changes)

    def hardware(self) -> dict[str, Any]:
        """What is broken, by server."""
        found: dict[str, Any] = self.ask("GET", "/hardware")
        return found

    def change_hardware(self, changes: dict[str, Any]) -> None:
        """Put defects in place of those of the servers named; None mends a server."""
        self.ask("PUT", "/hardware", changes)

    def time_sources(self) -> dict[str, dict[str, Any]]:
        """The site's time sources: `address`, `offset_s`, `lost`."""
        found: dict[str, dict[str, Any]] = self.ask("GET", "/time")
        return found

    def change_time_sources(self, changes: dict[str, Any]) -> None:
        """Make sources wrong (`offset_s`, `lost`), others stay as they are; None makes one right again."""
        self.ask("PUT", "/time", changes)

    def upses(self) -> dict[str, dict[str, Any]]:
        """The site's UPSes: `path`, `on_battery`, `runtime_s`, `low`, `unobserved`."""
        found: dict[str, dict[str, Any]] = self.ask("GET", "/ups")
        return found

    def change_upses(self, changes: dict[str, Any]) -> None:
        """Put UPSes on battery (`on_battery`, `runtime_s`) or out of sight (`unobserved`); None mends one."""
        self.ask("PUT", "/ups", changes)

    def network(self) -> dict[str, Any]:
        """The network as built: `cables`, and what is off, silent, withdrawn, cut, moved or of another speed."""
        found: dict[str, Any] = self.ask("GET", "/network")
        return found

    def change_network(self, changes: dict[str, Any]) -> None:
        """Break some of the network, or mend it; see karst.twin.network.built.Change."""
        self.ask("PUT", "/network", changes)

    def network_devices(self) -> dict[str, dict[str, Any]]:
        """Each device of the network: `role`, `power`, `silent`, `sessions` of `sessions_planned`, `routes`."""
        found: dict[str, dict[str, Any]] = self.ask("GET", "/network/devices")
        return found

    def trace(self, source: str, target: str, port: int) -> dict[str, Any]:
        """The way of a flow: `hops`, whether it `arrives`, the `fault` if not."""
        words = urlencode({"source": source, "target": target, "port": port})
        found: dict[str, Any] = self.ask("GET", f"/network/trace?{words}")
        return found

    def feed(self, name: str, alive: bool) -> None:
        """Lose or restore a distribution path or the feed of one rack PDU."""
        self.ask("POST", f"/feeds/{quote(name)}", {"alive": alive})

    def reset_counters(self) -> None:
        """Count requests from zero."""
        self.ask("POST", "/counters/reset")

    def shutdown(self) -> None:
        """Ask it to end; it does so after its answer."""
        self.ask("POST", "/shutdown")
