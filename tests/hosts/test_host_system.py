"""Kernel, logs, disks and packages of a host. Numbers are controls of MLPS 2.0."""

from __future__ import annotations

import re

import pytest
from testinfra.host import Host

from karst.plan.model import Plan
from karst.verify.hosts import HostTarget

SYSCTL = {
    "net.ipv4.conf.all.accept_redirects": 0,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.all.accept_source_route": 0,
    "net.ipv4.tcp_syncookies": 1,
    "kernel.dmesg_restrict": 1,
    "kernel.kptr_restrict": 2,
    "kernel.randomize_va_space": 2,
    "kernel.sysrq": 0,
    "fs.protected_hardlinks": 1,
    "fs.protected_symlinks": 1,
    "fs.suid_dumpable": 0,
}
# The Cybersecurity Law, article 21: six months.
WEEKS_LEAST = 26
# What is fuller stops writing before anybody can react.
FULL_PERCENT = 90


@pytest.mark.usefixtures("own_kernel")
@pytest.mark.parametrize("name", SYSCTL)
def test_8_1_4_4_kernel_setting(host: Host, name: str) -> None:
    assert host.sysctl(name) == SYSCTL[name]


@pytest.mark.usefixtures("own_kernel")
def test_8_1_4_3_a_the_audit_records(host: Host) -> None:
    assert host.service("auditd").is_running
    assert host.check_output("auditctl -l") != "No rules"


@pytest.mark.parametrize("file", ["/var/log/auth.log", "/var/log/syslog", "/var/log/sudo.log", "/var/log/wtmp"])
def test_8_1_4_3_c_logs_are_kept_for_six_months(host: Host, file: str) -> None:
    """As logrotate would do it now, whichever file says so."""
    said = host.run("logrotate --debug /etc/logrotate.conf").stderr
    rules = [each.partition(" rotations)")[0] for each in said.split("rotating pattern: ")[1:]]
    (rule,) = [each for each in rules if file in each.split()]
    found = re.search(r" weekly \((\d+)$", rule)
    assert found, rule
    assert int(found[1]) >= WEEKS_LEAST


def test_8_1_4_3_c_every_collector_gets_them(host: Host, planned: Plan) -> None:
    text = host.file("/etc/rsyslog.conf").content_string
    lacking = [each.name for each in planned.site.place.services.log_collectors if str(each.address) not in text]
    assert lacking == []
    assert host.service("rsyslog").is_running


def test_what_is_to_be_mounted_is(host: Host) -> None:
    wanted = [line.split()[1] for line in host.check_output("findmnt --fstab --noheadings --raw || true").splitlines()]
    assert [each for each in wanted if each.startswith("/") and not host.mount_point(each).exists] == []


@pytest.mark.usefixtures("own_kernel")
def test_no_file_system_is_full(host: Host) -> None:
    rows = [row.split() for row in host.check_output("df --local --output=pcent,target").splitlines()[1:]]
    assert [target for percent, target in rows if percent[:-1].isdigit() and int(percent[:-1]) > FULL_PERCENT] == []


def test_8_1_4_4_a_packages_come_from_the_sites_mirror(host: Host, planned: Plan, target: HostTarget) -> None:
    if target.reach.config is not None:
        pytest.skip("the twin has no mirror of the site: its hosts take the image's")
    uris = set(host.check_output("apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages'").split())
    assert uris
    assert [each for each in uris if not each.startswith(planned.site.place.services.package_mirror)] == []


def test_8_1_4_4_a_no_package_is_from_elsewhere(host: Host) -> None:
    listed = host.check_output("apt list --installed 2>/dev/null").splitlines()
    assert [line.partition("/")[0] for line in listed if ",local]" in line] == []
