"""What is broken in the twin is seen, named exactly, and in no other server's report."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from karst.plan.model import Cord
from karst.plan.server import server as planned_server
from karst.provider.bounds import Bounds
from karst.verify.sweep import Sweep
from karst.verify.verify import choose

from .site import HALL, Site, shown

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verify")]

# One of each shape of BMC: newest, wary, older.
FANJING, LEIGONG, WUMENG = "h1-r1-02-s02", "h1-r1-01-s03", "h1-r1-03-s04"
SHAPES = (FANJING, LEIGONG, WUMENG)

FAILED, UNOBSERVED = "failed", "unobserved"
LEAKS = {"Manifold": "OK", "Tray": "Critical"}

# Defects as `karst twin hardware` takes them, and what a report must then say of that server and of no other.
DEFECTS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "psu_pulled": (
        {"supplies_absent": ["PSU2"]},
        {
            "power.supplies_present PSU2": FAILED,
            "power.redundancy": FAILED,
            "power.cords PSU2": UNOBSERVED,
        },
    ),
    "fan_dead": ({"fans_dead": ["Fan3"]}, {"cooling.fans Fan3": FAILED, "cooling.fan_redundancy": FAILED}),
    "inlet_too_warm": ({"inlet_c": 41.5}, {"cooling.inlet": FAILED}),
    "dimm_missing": ({"memory_absent": ["DIMM5"]}, {"compute.memory DIMM5": FAILED}),
    "dimm_without_ecc": ({"memory_without_ecc": ["DIMM5"]}, {"compute.ecc DIMM5": FAILED}),
    "drive_failed": ({"drives_failed": ["Disk2"]}, {"storage.drives Disk2": FAILED}),
    "old_firmware": (
        {"firmware": {"BMC": "1.0.0", "BIOS": "0.1"}},
        {"firmware.minimum bmc": FAILED, "firmware.minimum bios": FAILED},
    ),
    "sensor_lost": ({"sensors_lost": ["Inlet"]}, {"cooling.inlet": UNOBSERVED}),
}


def test_what_is_healthy_passes_in_every_check(site: Site) -> None:
    report = site.verify()
    assert shown(report.findings) == {}
    assert report.devices == 18
    assert {each.device for each in report.findings} == {*site.lab.devices()}
    assert report.left_out == {}


@pytest.mark.parametrize("server", SHAPES)
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_named_and_nowhere_else(site: Site, defect: str, server: str) -> None:
    defects, expected = DEFECTS[defect]
    if defect == "old_firmware" and server == LEIGONG:
        # Its versions begin with letters, and one without is no version of the kind.
        defects = {"firmware": {"BMC": "1.0.0", "BIOS": "U41-2.10"}}
    site.lab.control.change_hardware({server: defects})
    assert shown(site.verify().findings) == {server: expected}


def test_a_defect_outlives_the_twin(site: Site) -> None:
    site.lab.control.change_hardware({FANJING: {"fans_dead": ["Fan8"]}})
    site.lab.stop()
    site.lab.start()
    assert site.lab.control.hardware() == {FANJING: {"fans_dead": ["Fan8"]}}


def test_both_supplies_on_one_path(site: Site) -> None:
    """Every supply has input and every group is well: only the watts of the outlets tell."""
    for server in SHAPES:
        pdu = f"{server.rpartition('-')[0]}-pdu-a"
        site.lab.control.change_cabling({"cords": {server: {"PSU2": [pdu, "24"]}}})
        report = site.verify()
        # The outlet that is used without plan is the rack PDU's own fault, and the same.
        assert shown(report.findings) == {server: {"power.cords PSU2": FAILED}, pdu: {"power.outlets 24": FAILED}}
        (found,) = [each for each in report.findings if each.device == server and each.outcome == FAILED]
        assert f"outlet 24 of {pdu} gives as much" in found.sentence
        planned = next(cord for cord in _cords(site, server) if cord.power_port == "PSU2")
        site.lab.control.change_cabling({"cords": {server: {"PSU2": [planned.pdu, planned.outlet]}}})


def test_two_servers_with_each_other_s_cords(site: Site) -> None:
    one, other = "h1-r1-01-s01", "h1-r1-01-s02"
    first, second = (next(cord for cord in _cords(site, each) if cord.power_port == "PSU1") for each in (one, other))
    site.lab.control.change_cabling(
        {
            "cords": {
                one: {"PSU1": [second.pdu, second.outlet]},
                other: {"PSU1": [first.pdu, first.outlet]},
            }
        }
    )
    report = site.verify()
    assert shown(report.findings) == {one: {"power.cords PSU1": FAILED}, other: {"power.cords PSU1": FAILED}}
    said = {each.device: each.sentence for each in report.findings if each.outcome == FAILED}
    assert f"outlet {second.outlet} of {second.pdu} gives as much" in said[one]
    assert f"outlet {first.outlet} of {first.pdu} gives as much" in said[other]


def test_a_cord_pulled(site: Site) -> None:
    site.lab.control.change_cabling({"cords": {WUMENG: {"PSU1": None}}})
    assert shown(site.verify().findings) == {
        WUMENG: {
            "power.supplies_well PSU1": FAILED,
            "power.input PSU1": FAILED,
            "power.redundancy": FAILED,
            "power.cords PSU1": UNOBSERVED,
        }
    }


@pytest.mark.parametrize(
    ("paths", "server", "expected"),
    [
        # The newer temperatures are refused, and the older resource of the same BMC tells them all the same.
        (["*/ThermalMetrics"], FANJING, {}),
        (["*/ThermalMetrics", "*/Sensors*", "*/Thermal"], FANJING, {"cooling.inlet", "cooling.exhaust"}),
        (
            ["*/Thermal"],
            WUMENG,
            {"cooling.inlet", "cooling.exhaust", "cooling.fans", "cooling.fan_redundancy"},
        ),
        (["*/PowerSupplies/PSU1/Metrics"], LEIGONG, {"power.one_path", "power.cords PSU1"}),
        (["*/Memory/DIMM3"], WUMENG, {"compute.memory DIMM3", "compute.ecc DIMM3"}),
    ],
)
def test_what_answers_404_is_unobserved(site: Site, paths: list[str], server: str, expected: set[str]) -> None:
    site.lab.control.set_faults([{"device": server, "path": path, "status": 404} for path in paths])
    found = shown(site.verify().findings)
    outcomes = found.pop(server, {})
    assert {key for key in outcomes if not key.startswith("compute.memory DIMM3")} == {
        key for key in expected if not key.startswith("compute.memory DIMM3")
    }
    assert set(outcomes.values()) <= {UNOBSERVED}
    # A supply without watts leaves the branches that feed it unjudged, and nobody else.
    assert all(set(each) <= {"power.branch_one_path B3", "power.branch_one_path B4"} for each in found.values())
    assert all(name.startswith(server.rpartition("-")[0]) for name in found)


def test_a_silent_bmc_is_unobserved_in_every_check(site: Site) -> None:
    site.lab.control.set_faults([{"device": WUMENG, "status": 401}])
    report = site.verify(limit=(WUMENG,))
    assert {each.device for each in report.findings} == {WUMENG}
    assert {each.outcome.value for each in report.findings} == {UNOBSERVED}
    assert len({each.check for each in report.findings}) == len(report.findings) > 10


def test_two_controllers_with_each_other_s_cable_are_both_foreign(site: Site) -> None:
    one, other = "h1-r1-01-s01", "h1-r1-01-s02"
    addresses = site.lab.control.cabling()["addresses"]
    site.lab.control.change_cabling({"addresses": {one: addresses[other], other: addresses[one]}})
    found = site.verify("cooling").findings
    assert {(each.device, each.check) for each in found if each.outcome == FAILED} == {
        (one, "identity.device"),
        (other, "identity.device"),
    }


def test_leak_detectors_are_read_where_a_bmc_has_some(site: Site) -> None:
    """The twin's servers have none: its answers are made to lead to two."""
    thermal = "/redfish/v1/Chassis/Enclosure/ThermalSubsystem"
    members = [{"@odata.id": f"{thermal}/{name}", "Id": name, "DetectorState": state} for name, state in LEAKS.items()]
    site.lab.control.set_faults(
        [
            {"device": LEIGONG, "path": thermal, "body": {"LeakDetection": {"@odata.id": f"{thermal}/ThermalMetrics"}}},
            {
                "device": LEIGONG,
                "path": "*/ThermalMetrics",
                "body": {"LeakDetectors": {"@odata.id": f"{thermal}/Fans"}},
            },
            {"device": LEIGONG, "path": "*/ThermalSubsystem/Fans", "body": {"Members": members}},
        ]
    )
    racks = choose(site.lab.plan, {HALL: site.reach}, (LEIGONG,))
    sweep = Sweep(Bounds(64, site.folder / "locks"), frozenset({"leaks"}))
    observed = asyncio.run(sweep.observe(racks.reached(racks.racks)))
    assert observed.servers[LEIGONG].leaks == LEAKS


def test_only_and_limit(site: Site) -> None:
    report = site.verify("cooling", "firmware", limit=("h1-r1-02-s0*",))
    assert {each.device for each in report.findings} == {f"h1-r1-02-s0{number}" for number in range(1, 5)}
    assert {each.check.partition(".")[0] for each in report.findings} == {"identity", "cooling", "firmware"}


def test_a_run_writes_nothing_and_leaves_no_session(site: Site) -> None:
    site.lab.control.reset_counters()
    site.verify()
    for name, device in site.lab.devices().items():
        assert device["sessions"] == 0, name
        assert device["requests"].get("PATCH", 0) == 0, name
        assert device["requests"].get("POST", 0) == device["logins"], name


def _cords(site: Site, server: str) -> tuple[Cord, ...]:

    return planned_server(site.lab.plan, server).cords
