"""The site's seed: what an installer lays onto a server's disk beside the image, as a tar archive."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import MappingProxyType

from karst.plan.model import Plan
from karst.plan.rack import rack as rack_of
from karst.site.base import Status
from karst.ssh_ca import SshAuthority
from karst.twin.device import loopback

# As long as the clone's twin may live; a real site's installer renews by its own term.
_HOST_DAYS = 3650
# The user whom Ansible works as; the image has it, without password or key.
USER = "karst"

_SSHD = """\
# From the site's seed: who this host is, and whose word counts for who may log in.
HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub
TrustedUserCAKeys /etc/ssh/user_ca.pub
"""
# The clock is the machine's: whoever starts chrony here, it measures and never sets (-x).
_CHRONY = """\
[Service]
ExecStart=
ExecStart=!/usr/sbin/chronyd -x $DAEMON_OPTS
"""
# No container has an audit of its own: auditd, once installed, would be a unit that failed.
_AUDITD = """\
[Unit]
ConditionVirtualization=!container
"""
# Many devices share the cores of one machine, and a neighbour that is silent for 300 ms is given up.
_FRR = """\
[Service]
Nice=-15
"""


@dataclass(frozen=True, slots=True)
class HostSeat:
    """A server's host: its names, its planned address, and the loopback address at which the twin lets it answer."""

    name: str
    domain: str
    planned: IPv4Address
    address: str


def host_seats(plan: Plan) -> dict[str, HostSeat]:
    """The host of every server that something is to be installed on, by name."""
    if not plan.site.place.services.images:
        return {}  # else a large site's every rack would be worked out for nothing
    prefix = plan.site.network.prefixes.loopbacks
    offset = int(loopback(prefix).network_address) - int(prefix.network_address)
    seats = {}
    for name in plan.racks:
        for server in rack_of(plan, name).servers.values():
            if server.image is not None and server.status is not Status.PLANNED:
                address = str(IPv4Address(int(server.loopback) + offset))
                seats[server.name] = HostSeat(server.name, plan.site.network.domain, server.loopback, address)
    return seats


def key_id(server: str, image: str) -> str:
    """What the SSH CA says of a host's key: whose it is, and which image was installed with it."""
    return f"{server} {image}"


def seed(
    seat: HostSeat, image: str, authority: SshAuthority, more: Mapping[str, tuple[str, int]] = MappingProxyType({})
) -> bytes:
    """The archive for one installation of `image`: names, a new host key with its certificate, whom to trust.

    `more`: further files, text and mode by path.
    """
    fqdn = f"{seat.name}.{seat.domain}"
    principals = (seat.name, fqdn, str(seat.planned), seat.address)
    keys = authority.issue_host(key_id(seat.name, image), principals, _HOST_DAYS)
    hosts = f"127.0.0.1 localhost\n127.0.1.1 {fqdn} {seat.name}\n::1 localhost ip6-localhost ip6-loopback\n"
    return archive(
        {
            "etc/hosts": (hosts, 0o644),
            "etc/ssh/ssh_host_ed25519_key": (keys.private, 0o600),
            "etc/ssh/ssh_host_ed25519_key.pub": (f"{keys.public} {fqdn}\n", 0o644),
            "etc/ssh/ssh_host_ed25519_key-cert.pub": (f"{keys.certificate}\n", 0o644),
            "etc/ssh/user_ca.pub": (f"{authority.users_public}\n", 0o644),
            "etc/ssh/sshd_config.d/20-site.conf": (_SSHD, 0o644),
            "etc/systemd/system/chrony.service.d/10-twin.conf": (_CHRONY, 0o644),
            "etc/systemd/system/auditd.service.d/10-twin.conf": (_AUDITD, 0o644),
            "etc/systemd/system/frr.service.d/10-twin.conf": (_FRR, 0o644),
            **more,
        }
    )


def archive(files: Mapping[str, tuple[str, int]]) -> bytes:
    """Files by path with their mode, owned by root."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, (text, mode) in files.items():
            data = text.encode()
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), mode
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()
