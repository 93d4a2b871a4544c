"""What air does in a server: simple, steady, and always the same for the same power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from karst.twin.state import Power

if TYPE_CHECKING:
    from karst.twin.bmc import Bmc

# Supply air of a cold aisle within GB 50174's recommended 18 to 27 °C.
SUPPLY_C = 25.0
# A server's fans hold the rise of the air through it about here under full load.
RISE_C = 14.0
FAN_MAX_RPM = 16000


def inlet_c(bmc: Bmc) -> float:
    """Temperature of the air that goes in."""
    return SUPPLY_C if bmc.defects.inlet_c is None else bmc.defects.inlet_c


def exhaust_c(bmc: Bmc) -> float:
    """Temperature of the air that comes out."""
    return inlet_c(bmc) + RISE_C * bmc.world.electrics.server_w(bmc.name) / bmc.device.server.budget_w


def reading(bmc: Bmc, sensor: str, celsius: float) -> float | None:
    """What a sensor tells; nothing if it is lost."""
    return None if sensor in bmc.defects.sensors_lost else round(celsius, 1)


def fan_percent(bmc: Bmc) -> int:
    """Speed of every fan, in percent of the fastest; off with the server."""
    if bmc.get(Power).state not in ("On", "PoweringOn"):
        return 0
    return round(20 + 60 * bmc.world.electrics.server_w(bmc.name) / bmc.device.server.budget_w)


def fan_rpm(bmc: Bmc) -> int:
    """Speed of every fan, in revolutions a minute."""
    return FAN_MAX_RPM * fan_percent(bmc) // 100
