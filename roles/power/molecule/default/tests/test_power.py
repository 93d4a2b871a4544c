"""One path at a time; see prepare.yml for the UPSes. What happens when both end: test_shutdown.py."""

import json

import pytest
from ups import FOLDER, LOW, WELL, journal, metrics, put, within

A, B = 'ups="ups-a",path="A"', 'ups="ups-b",path="B"'


@pytest.fixture(autouse=True)
def well_afterwards(host):
    yield
    for path in ("a", "b"):
        host.check_output(f"systemctl start nut-path@{path}")
        put(host, path, WELL)
    assert within(30, lambda: not any(metrics(host)[f"karst_power_ups_alarm{{{ups}}}"] for ups in (A, B)))


def stays(host):
    """Whether nothing has begun to shut the host down."""
    off = host.check_output("systemctl show --property=ActiveState,ExecMainStartTimestamp --value karst-power-off")
    return off.split() == ["inactive"] and host.service("work").is_running


def test_the_monitor_knows_both_paths_and_comes_back_with_the_host(host):
    service = host.service("nut-monitor")
    assert service.is_running
    assert service.is_enabled
    assert host.run("python3 /usr/local/lib/karst_power.py check 0").rc == 0


def test_a_path_that_is_low_is_an_alarm_and_shuts_nothing_down(host):
    put(host, "a", LOW, 120)
    assert within(30, lambda: "on battery" in journal(host, "nut-monitor") and "is low" in journal(host, "nut-monitor"))
    assert within(30, lambda: metrics(host).get(f"karst_power_ups_battery_low{{{A}}}"))
    assert "UPS ups-a of path A is LB OB" in journal(host, "karst-power")
    # Twice as long as a UPS may be low before it counts as lost.
    since = host.check_output("date +%s.%N")
    assert within(10, lambda: float(host.check_output("date +%s.%N")) - float(since) > 4)
    assert stays(host)
    found = metrics(host)
    assert found[f"karst_power_ups_alarm{{{A}}}"] == 1
    assert found[f"karst_power_ups_alarm{{{B}}}"] == 0
    assert found["karst_power_supplies_on_line"] == found["karst_power_supplies_needed"] == 1
    assert found["karst_power_lasts_s"] == float("inf")


def test_a_path_of_which_nothing_is_known_is_an_alarm_and_no_old_value_stays(host):
    host.check_output("systemctl stop nut-path@b")
    assert within(30, lambda: not metrics(host)[f"karst_power_ups_observed{{{B}}}"])
    found = metrics(host)
    assert found[f"karst_power_ups_alarm{{{B}}}"] == 1
    of_b = {name.partition("{")[0] for name in found if B in name}
    assert of_b == {"karst_power_ups_observed", "karst_power_ups_alarm"}
    assert found["karst_power_supplies_on_line"] == 1
    assert within(30, lambda: "UPS ups-b@127.0.0.42" in journal(host, "nut-monitor"))
    assert stays(host)


def test_what_the_exporter_reads_is_whole_and_for_it_to_read(host):
    file = host.file(f"{FOLDER}/power.prom")
    assert file.mode == 0o644
    assert file.content_string.endswith("\n")
    assert host.file(FOLDER).listdir() == ["power.prom"]


def test_the_password_is_roots_alone_and_in_no_log(host):
    assert host.file("/etc/nut/upsmon.conf").mode == 0o600
    assert '"of-the.scenario/2+2"' in host.file("/etc/nut/upsmon.conf").content_string
    said = host.check_output("journalctl --output=cat")
    assert "of-the.scenario" not in said
    # The NUT servers took it.
    assert "Connected to" in said or "failed" not in journal(host, "nut-monitor")
    assert "password" not in json.dumps(json.loads(host.file("/etc/karst/power.json").content_string))


def test_a_host_without_a_bmc_says_that_nothing_is_known_of_its_supplies(host):
    if host.file("/dev/ipmi0").exists:
        pytest.skip("this one has a BMC")
    found = metrics(host)
    assert found["karst_power_bmc_observed"] == 0
    assert [name for name in found if name.startswith("karst_power_supply_")] == []


@pytest.mark.skip(reason="a container has no BMC: what a real one says is read in tests/unit/roles/test_power.py")
def test_power_supplies_are_read_from_the_bmc(host):
    raise AssertionError(host)
