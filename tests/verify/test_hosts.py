"""Hosts of a twin, given the time by Ansible, looked at by `karst verify`: what is wrong is named, and nowhere else."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.stacks.clone import ROOT, SERVERS, Clone, await_true
from tests.verify.live import FALSE, HARDENED, HOSTS, LAST, QUICK, ssh, verified, wrong

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hosts")]


def test_configured_hosts_pass(clone: Clone) -> None:
    status, report = verified(clone)
    assert (status, wrong(report)) == (0, {})
    assert (report["devices"], report["hosts"], report["no_hosts"]) == (18, 3, "")
    assert (report["switches"], report["no_switches"]) == (6, "")
    checks = {name: {each["check"] for each in report["findings"] if each["device"] == name} for name in HOSTS}
    for name in HOSTS:
        assert checks[name] >= {"os.name", "os.image", "os.release", "os.state", "time.offset", "time.sources"}
    assert "time.source" in {each["check"] for each in report["findings"] if each["device"] == FALSE}


def test_a_source_five_seconds_off_is_named_and_no_host(clone: Clone) -> None:
    clone.control.change_time_sources({FALSE: {"offset_s": 5.0}})
    for name in HOSTS:
        ssh(clone, name, "sudo chronyc burst 4/4")
    await_true("all hosts see it", lambda: "3 of 3" in str(verified(clone, "--only", "time")[1]["findings"]))
    status, report = verified(clone)
    assert (status, wrong(report)) == (1, {(FALSE, "time.source", ""): "failed"})
    (found,) = [each for each in report["findings"] if each["outcome"] == "failed"]
    assert found["sentence"].startswith(("it is 5.00", "it is 4.99"))
    assert found["sentence"].endswith("s ahead of what the others say, as 3 of 3 hosts see it")
    # Nobody followed it.
    assert all(ssh(clone, name, "sudo chronyc -c -n tracking").split(",")[1] != "10.72.0.14" for name in HOSTS)
    clone.control.change_time_sources({FALSE: None})
    for name in HOSTS:
        ssh(clone, name, "sudo chronyc burst 4/4")
    await_true("it is right again", lambda: verified(clone, "--only", "time")[0] == 0)


def test_what_is_one_host_s_own_is_in_its_report_alone(clone: Clone) -> None:
    failing, mute, _ = HOSTS
    ssh(clone, failing, "sudo systemd-run --quiet --wait --unit broken false || true")
    ssh(clone, mute, "sudo systemctl stop chrony")
    status, report = verified(clone, "--only", "os", "--only", "time")
    assert (status, wrong(report)) == (
        1,
        {
            (failing, "os.state", "broken.service"): "failed",
            (mute, "time.offset", ""): "unobserved",
            (mute, "time.sources", ""): "unobserved",
        },
    )
    assert report["devices"] == 0  # no BMC had to be asked
    ssh(clone, failing, "sudo systemctl reset-failed broken")
    ssh(clone, mute, "sudo systemctl start chrony")


def look_within(clone: Clone, report: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """`pytest tests/hosts` on the hardened host: exit code, and what is not passed by name of the test."""
    command = (sys.executable, "-m", "pytest", ROOT / "tests" / "hosts", "--site", "lab", "--limit", HARDENED)
    run = clone.run(*command, "-p", "no:cacheprovider", "--junit-xml", report, *arguments)
    cases = list(ElementTree.parse(report).iter("testcase"))
    assert cases, run.all
    return run.status, {case.get("name", ""): case[0].get("message", "") for case in cases if len(case)}


def test_a_deep_look_from_within(clone: Clone, tmp_path: Path) -> None:
    status, found = look_within(clone, tmp_path / "hosts.xml")
    assert status == 0, found
    assert {name.partition("[")[0] for name in found} == {
        "test_8_1_4_4_kernel_setting",
        "test_8_1_4_3_a_the_audit_records",
        "test_no_file_system_is_full",
        "test_8_1_4_4_a_packages_come_from_the_sites_mirror",
    }
    # Another file than the role's, which counts before it.
    ssh(clone, HARDENED, "echo PermitEmptyPasswords yes | sudo tee /etc/ssh/sshd_config.d/00-aside.conf")
    status, found = look_within(clone, tmp_path / "hosts.xml", "-k", "sshd or faillock")
    ssh(clone, HARDENED, "sudo rm /etc/ssh/sshd_config.d/00-aside.conf")
    assert (status, list(found)) == (1, [f"test_8_1_4_1_c_sshd_takes_keys_alone[{HARDENED}]"])


def test_a_host_that_is_another_is_not_believed(clone: Clone) -> None:
    """Its key is signed by the site's CA, and for another name."""
    one, other, _ = HOSTS
    own = its_key(clone, one)
    ssh(clone, one, its_key(clone, other))
    status, report = verified(clone, "--only", "os", "--limit", "h1-r1-01")
    assert (status, set(wrong(report).values())) == (3, {"unobserved"})
    assert {name for name, _, _ in wrong(report)} == {one}
    ssh(clone, one, own, known_as=other)


def its_key(clone: Clone, name: str) -> str:
    """A script that has another host be this one to who looks at its key: one, as sshd reads it for each who comes."""
    script = ""
    for file in ("ssh_host_ed25519_key", "ssh_host_ed25519_key-cert.pub"):
        text = ssh(clone, name, f"sudo cat /etc/ssh/{file}")
        script += f"sudo tee /etc/ssh/{file} >/dev/null <<'END'\n{text}\nEND\n"
    return script


def power(clone: Clone, name: str) -> dict[str, float]:
    """The host's metrics of its UPSes, less what they have in common: `alarm ups-a` -> 1."""
    text = ssh(clone, name, "cat /var/lib/prometheus/node-exporter/power.prom")
    found = re.findall(r'^karst_power_ups_(\w+)\{ups="([\w-]+)".*\} (\S+)$', text, re.MULTILINE)
    return {f"{what} {ups}": float(value) for what, ups, value in found}


def states(clone: Clone) -> dict[str, str]:
    return {name: clone.devices()[name]["host"]["state"] for name in HOSTS}


def test_one_path_low_is_an_alarm_both_shut_hosts_down_in_order_before_the_batteries_end(clone: Clone) -> None:
    """The last test, as its hosts are off at the end."""
    assert all(power(clone, name)["alarm ups-a"] == 0 for name in HOSTS)
    clone.control.change_upses({"ups-a": {"on_battery": True, "runtime_s": 170}})
    await_true("all know", lambda: all(power(clone, name)["battery_low ups-a"] == 1 for name in HOSTS))
    for name in HOSTS:
        assert power(clone, name)["alarm ups-b"] == 0
        assert "UPS ups-a of path A is DISCHRG LB OB" in ssh(clone, name, "sudo journalctl -u karst-power -o cat")
    # upsmon has had time enough to do what it would do for one path: nothing.
    time.sleep(QUICK["power_poll_s"] + QUICK["power_primary_wait_s"] + 3)
    assert states(clone) == dict.fromkeys(HOSTS, "running")

    clone.control.change_upses({"ups-b": {"on_battery": True, "runtime_s": 150}})
    seen: list[str] = []

    def all_off() -> bool:
        now = states(clone)
        seen.extend(name for name in HOSTS if now[name] == "off" and name not in seen)
        return len(seen) == len(HOSTS)

    await_true("all hosts are off", all_off, patience_s=150)
    assert seen[-1] == LAST
    assert clone.control.upses()["ups-b"]["runtime_s"] > 0
    assert clone.control.status(devices=False)["dead_feeds"] == []
    own = "operating system has powered the system off"
    await_true("BMCs say who did it", lambda: all(own in str(list(clone.events(name))) for name in HOSTS))
    # A server without hosts runs on until nothing feeds it.
    assert clone.devices()[SERVERS[0]]["power"] == "On"
    for name in ("ups-a", "ups-b"):
        clone.control.change_upses({name: {"on_battery": True, "runtime_s": 1}})
    await_true("nothing is fed", lambda: clone.devices()[SERVERS[0]]["dark"])
    clone.control.change_upses({"ups-a": None, "ups-b": None})
    await_true("all is fed", lambda: not clone.devices()[SERVERS[0]]["dark"])
