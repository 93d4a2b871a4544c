"""How warm the air may be that goes into a server: its ASHRAE class, the thin air of the mountains, its maker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from karst.site.hardware import AshraeClass, ServerSpec
from karst.site.place import Place

# ASHRAE TC 9.9, Thermal Guidelines for Data Processing Environments, 5th edition (2021), air-cooled equipment:
# highest allowable dry-bulb temperature at the inlet, and how many metres above 900 m cost a kelvin of it.
_DERATES_ABOVE_M = 900.0
_ALLOWABLE: Mapping[AshraeClass, tuple[float, float]] = MappingProxyType(
    {
        AshraeClass.A1: (32.0, 300.0),
        AshraeClass.A2: (35.0, 300.0),
        AshraeClass.A3: (40.0, 175.0),
        AshraeClass.A4: (45.0, 125.0),
    }
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A highest temperature, and whose it is."""

    celsius: float
    why: str


def inlet_limit(spec: ServerSpec, place: Place) -> Limit:
    """The lower of the maker's limit and the class's at this place."""
    maker = Limit(spec.inlet_max_c, "the maker's limit")
    if spec.ashrae_class is None:
        return maker
    altitude_m = max(place.altitude_m, pressure_altitude_m(place.air_pressure_kpa))
    highest_c, metres_a_kelvin = _ALLOWABLE[spec.ashrae_class]
    derated_c = highest_c - max(0.0, altitude_m - _DERATES_ABOVE_M) / metres_a_kelvin
    klass = Limit(round(derated_c, 1), f"ASHRAE class {spec.ashrae_class.value} at {altitude_m:.0f} m")
    return min(klass, maker, key=lambda limit: limit.celsius)


def pressure_altitude_m(pressure_kpa: float) -> float:
    """Altitude at which the standard atmosphere (ISO 2533) has this pressure: what cools is air, not metres."""
    return float(44330.8 * (1 - (pressure_kpa / 101.325) ** 0.190263))
