"""What the twin knows of itself: the truth that tests compare reports with."""

from __future__ import annotations

from karst.site.hardware import SpecKind
from karst.twin.bmc import Bmc
from karst.twin.state import Bios, Json, Outlets, Power
from karst.twin.world import World


def status(world: World, detail: bool) -> Json:
    """Totals, and with `detail` every device."""
    servers = list(world.servers())
    counted = [bmc.counters for bmc in world.bmcs.values()]
    made: Json = {
        "servers": len(servers),
        "servers_on": sum(bmc.get(Power).state == "On" for bmc in servers),
        "rack_pdus": len(world.bmcs) - len(servers),
        "dead_feeds": sorted(world.electrics.dead_feeds),
        "faults": len(world.faults.rules),
        "hosts": world.hosts.status(),
        "network": world.network.status(),
        "requests": sum(sum(counters.requests.values()) for counters in counted),
        "writes": sum(counters.writes for counters in counted),
        "resets": sum(bmc.get(Power).resets for bmc in servers),
        "power_ons": sum(bmc.get(Power).power_ons for bmc in servers),
        "concurrent_writers": max((counters.concurrent_writers for counters in counted), default=0),
    }
    if detail:
        made["devices"] = {name: _device(bmc) for name, bmc in world.bmcs.items()}
    return made


def _device(bmc: Bmc) -> Json:
    counters = bmc.counters
    made: Json = {
        "kind": str(bmc.device.kind),
        "shape": bmc.device.shape,
        "address": bmc.world.electrics.cabling.addresses[bmc.name],
        "dark": bmc.dark,
        "sessions": len(bmc.sessions),
        "requests": dict(counters.requests),
        "writes": counters.writes,
        "concurrent_writers": counters.concurrent_writers,
        "logins": counters.logins,
        "login_failures": counters.login_failures,
    }
    return made | (_server(bmc) if bmc.device.kind is SpecKind.SERVER else _rack_pdu(bmc))


def _server(bmc: Bmc) -> Json:
    state = bmc.get(Power)
    return {
        "power": state.state,
        "watts": round(bmc.world.electrics.server_w(bmc.name), 1),
        "resets": state.resets,
        "power_ons": state.power_ons,
        "power_offs": state.power_offs,
        "bios_pending": dict(bmc.get(Bios).pending),
        **bmc.world.hosts.seen(bmc),
    }


def _rack_pdu(bmc: Bmc) -> Json:
    state = bmc.get(Outlets)
    return {
        "power": "On" if bmc.world.electrics.mains(bmc.name) else "Off",
        "watts": round(bmc.world.electrics.pdu_w(bmc.name), 1),
        "outlets_off": list(state.off),
        "breakers_open": sorted({*state.tripped, *state.opened}),
    }
