"""The inlet limit: class, altitude, maker."""

from __future__ import annotations

from pathlib import Path

import pytest

from karst.site.hardware import AshraeClass, ServerSpec
from karst.site.load import load
from karst.site.place import Place
from karst.verify.limits import inlet_limit, pressure_altitude_m

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def spec() -> ServerSpec:
    found = load(ROOT / "sites" / "lab", ROOT / "hardware").specs["fanjing-s210"].server
    assert found is not None
    return found


def place(altitude_m: float, air_pressure_kpa: float) -> Place:
    where = {"country": "CN", "province": "Guizhou", "city": "Gui'an", "latitude": 26.4, "longitude": 106.5}
    return Place.model_validate({**where, "altitude_m": altitude_m, "air_pressure_kpa": air_pressure_kpa})


# At 1,240 m, as shared by ASHRAE's own figures: A1 30.9, A2 33.9, A3 38.1, A4 42.3 °C.
@pytest.mark.parametrize(
    ("klass", "celsius"),
    [(AshraeClass.A1, 30.9), (AshraeClass.A2, 33.9), (AshraeClass.A3, 38.1), (AshraeClass.A4, 42.3)],
)
def test_a_class_falls_with_altitude(spec: ServerSpec, klass: AshraeClass, celsius: float) -> None:
    easy = spec.model_copy(update={"ashrae_class": klass, "inlet_max_c": 50.0})
    limit = inlet_limit(easy, place(1240, 87.35))
    assert limit.celsius == celsius
    assert limit.why == f"ASHRAE class {klass.value} at 1240 m"


def test_below_900_m_it_does_not_rise(spec: ServerSpec) -> None:
    easy = spec.model_copy(update={"ashrae_class": AshraeClass.A2, "inlet_max_c": 50.0})
    assert inlet_limit(easy, place(10, 101.2)).celsius == 35.0


def test_the_lower_limit_counts(spec: ServerSpec) -> None:
    strict = spec.model_copy(update={"ashrae_class": AshraeClass.A4, "inlet_max_c": 30.0})
    assert inlet_limit(strict, place(1240, 87.35)).why == "the maker's limit"
    unclassed = spec.model_copy(update={"ashrae_class": None})
    assert inlet_limit(unclassed, place(4000, 62.0)).celsius == spec.inlet_max_c


def test_thin_air_counts_where_it_is_thinner_than_the_altitude_says(spec: ServerSpec) -> None:
    easy = spec.model_copy(update={"ashrae_class": AshraeClass.A2, "inlet_max_c": 50.0})
    assert inlet_limit(easy, place(1000, 80.0)).celsius < inlet_limit(easy, place(1000, 90.0)).celsius
    # ISO 2533: 101.325 kPa at 0 m, 89.875 at 1,000 m, 79.495 at 2,000 m.
    assert [round(pressure_altitude_m(each), -1) for each in (101.325, 89.875, 79.495)] == [0, 1000, 2000]
