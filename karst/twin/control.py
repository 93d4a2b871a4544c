"""The control socket: HTTP over a Unix socket that only the twin's owner may use."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from karst.twin.faults import RULES
from karst.twin.home import Home
from karst.twin.status import status
from karst.twin.supervisor import Supervisor
from karst.twin.world import World

_BODY_MAX = 64 << 20  # the cabling of a site of 50,000 servers
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _json(body: object, code: int = 200) -> web.Response:
    return web.Response(status=code, body=orjson.dumps(body), content_type="application/json")


@web.middleware
async def _faults_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as fault:
        said = [f"{'.'.join(str(step) for step in each['loc'])}: {each['msg']}" for each in fault.errors()]
        return _json({"error": "; ".join(said)}, 400)
    except (ValueError, TypeError, KeyError) as fault:
        return _json({"error": str(fault)}, 400)
    except web.HTTPException as fault:
        return _json({"error": fault.reason}, fault.status)


class Control:
    """Serves the control socket."""

    def __init__(self, home: Home, world: World, supervisor: Supervisor, about: dict[str, Any]) -> None:
        self._home = home
        self._world = world
        self._supervisor = supervisor
        self._about = about
        self.ending = asyncio.Event()
        app = web.Application(middlewares=[_faults_as_json], client_max_size=_BODY_MAX)
        app.add_routes(
            [
                web.get("/status", self._status),
                web.get("/faults", self._faults),
                web.put("/faults", self._replace_faults),
                web.get("/cabling", self._cabling),
                web.put("/cabling", self._rewire),
                web.get("/hardware", self._hardware),
                web.put("/hardware", self._change_hardware),
                web.get("/time", self._time),
                web.put("/time", self._change_time),
                web.get("/ups", self._ups),
                web.put("/ups", self._change_ups),
                web.get("/network", self._network),
                web.put("/network", self._change_network),
                web.get("/network/devices", self._network_devices),
                web.get("/network/trace", self._trace),
                web.post("/feeds/{name}", self._feed),
                web.post("/counters/reset", self._reset_counters),
                web.post("/shutdown", self._shutdown),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> None:
        """Listen. What a killed twin left of its socket is replaced."""
        await self._runner.setup()
        await web.SockSite(self._runner, _bound(self._home)).start()

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        await self._runner.cleanup()
        _remove(self._home)

    async def _status(self, request: web.Request) -> web.Response:
        detail = request.query.get("devices", "1") != "0"
        return _json({**self._about, **status(self._world, detail), "control_plane": await self._supervisor.status()})

    async def _faults(self, _: web.Request) -> web.Response:
        return _json(self._world.faults.body())

    async def _replace_faults(self, request: web.Request) -> web.Response:
        self._world.faults.replace(RULES.validate_json(await request.read()))
        return _json(self._world.faults.body())

    async def _cabling(self, _: web.Request) -> web.Response:
        return _json(self._world.electrics.cabling.body())

    async def _rewire(self, request: web.Request) -> web.Response:
        self._world.rewire(await request.read())
        return _json(self._world.electrics.cabling.body())

    async def _hardware(self, _: web.Request) -> web.Response:
        return _json(self._world.hardware.body())

    async def _change_hardware(self, request: web.Request) -> web.Response:
        self._world.change_hardware(await request.read())
        return _json(self._world.hardware.body())

    async def _time(self, _: web.Request) -> web.Response:
        return _json(self._world.time_sources.body())

    async def _change_time(self, request: web.Request) -> web.Response:
        self._world.time_sources.change(await request.read())
        return _json(self._world.time_sources.body())

    async def _ups(self, _: web.Request) -> web.Response:
        return _json(self._world.upses.body())

    async def _change_ups(self, request: web.Request) -> web.Response:
        self._world.change_upses(await request.read())
        return _json(self._world.upses.body())

    async def _network(self, _: web.Request) -> web.Response:
        return _json(self._world.network.body())

    async def _change_network(self, request: web.Request) -> web.Response:
        await self._world.network.change(await request.read())
        return _json(self._world.network.body())

    async def _network_devices(self, _: web.Request) -> web.Response:
        return _json(await self._world.network.seen())

    async def _trace(self, request: web.Request) -> web.Response:
        asked = request.query
        return _json(await self._world.network.trace(asked["source"], asked["target"], int(asked.get("port", "443"))))

    async def _feed(self, request: web.Request) -> web.Response:
        alive = (await _object(request)).get("alive")
        if not isinstance(alive, bool):
            raise ValueError('expected {"alive": true} or {"alive": false}')
        self._world.feed(request.match_info["name"], alive)
        return _json({"dead": sorted(self._world.electrics.dead_feeds)})

    async def _reset_counters(self, _: web.Request) -> web.Response:
        for bmc in self._world.bmcs.values():
            bmc.counters.reset()
        return _json({})

    async def _shutdown(self, _: web.Request) -> web.Response:
        self.ending.set()
        return _json({"pid": os.getpid()})


def _bound(home: Home) -> socket.socket:
    _remove(home)
    made = socket.socket(socket.AF_UNIX)
    # The mode counts from the first moment, so it cannot be set after binding.
    before = os.umask(0o177)
    try:
        with home.socket_address() as address:
            made.bind(address)
    finally:
        os.umask(before)
    return made


def _remove(home: Home) -> None:
    with home.socket_address() as address:
        Path(address).unlink(missing_ok=True)


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except json.JSONDecodeError as fault:
        raise ValueError(f"not JSON: {fault}") from fault
    if not isinstance(body, dict):
        raise ValueError("expected a JSON object")
    return body
