"""How an operator reaches the twin's hosts: a key that the site's SSH CA has signed, whom to trust, where they are."""

from __future__ import annotations

import time
from collections.abc import Mapping

from karst.files import write_private
from karst.ssh_ca import SshAuthority, known_hosts
from karst.twin.hosts_seed import USER, HostSeat
from karst.workspace.paths import Paths

# Short, as an operator's certificate should be: `karst up` renews it when half of it is over.
_USER_DAYS = 30
_RENEW_AFTER_S = _USER_DAYS * 86400 / 2

_HEAD = """\
# Written by `karst up`: ssh -F {config} {example}
Host *
  User {user}
  Port {port}
  IdentityFile {key}
  CertificateFile {key}-cert.pub
  IdentitiesOnly yes
  UserKnownHostsFile {known_hosts}
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
"""


def authority(paths: Paths) -> SshAuthority:
    """The SSH CA of the site's twin, made if it is missing. Raises SshCaError, OSError."""
    return SshAuthority.load_or_create(paths.ssh)


def write(paths: Paths, seats: Mapping[str, HostSeat], port: int) -> None:
    """Write what `ssh -F .karst/ssh/config NAME` needs. Raises SshCaError, OSError."""
    signer, key = authority(paths), paths.ssh / "operator"
    certificate = paths.ssh / "operator-cert.pub"
    if not certificate.exists() or time.time() - certificate.stat().st_mtime > _RENEW_AFTER_S:
        pair = signer.issue_user("operator of the twin", [USER], _USER_DAYS)
        write_private(key, pair.private)
        write_private(certificate, f"{pair.certificate}\n", mode=0o644)
    write_private(paths.ssh / "known_hosts", known_hosts(signer.hosts_public), mode=0o644)
    config = _HEAD.format(
        config=paths.ssh_config,
        example=next(iter(seats), "NAME"),
        user=USER,
        port=port,
        key=key,
        known_hosts=paths.ssh / "known_hosts",
    )
    for seat in seats.values():
        config += f"Host {seat.name}\n  HostName {seat.address}\n  HostKeyAlias {seat.name}\n"
    write_private(paths.ssh_config, config, mode=0o644)
