"""What every container of the twin is given before its system starts: settings of its own, and its way to this machine.

The way stands for the site's management network: whoever comes over it is the bastion, and the site's services are
beyond it. The world is not, as long as there is a better way: by its metric FRR holds its default for the worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from karst.twin.hosts_podman import INTERFACE
from karst.twin.network.lines import within

_WORST_METRIC = 4278198272  # in FRR the highest byte of a kernel route's metric is its distance: 255

# In a container all settings of the kernel can only be read; those of the network are the container's own.
_OWN_SETTINGS = "mount --bind /proc/sys/net /proc/sys/net; mount -o remount,rw,bind /proc/sys/net"
# Hardware tells how fast its ports are; a virtual cable has no speed.
_ETHTOOL = """\
#!/bin/sh
speed=$(sed -n "s/^$1 //p" /etc/karst-twin/speeds 2>/dev/null)
[ -n "$speed" ] || exec /usr/sbin/ethtool "$@"
/usr/sbin/ethtool "$1" | sed "s|Speed: .*|Speed: ${speed}000Mb/s|"
"""
_LAY = """\
install -d /etc/karst-twin /usr/local/sbin
cat > /etc/karst-twin/speeds
"""
_LAY_ETHTOOL = "install -d /usr/local/sbin; cat > /usr/local/sbin/ethtool; chmod 755 /usr/local/sbin/ethtool"
_BASTION = """\
table ip twin
delete table ip twin
table ip twin {{
  chain in {{
    type filter hook prerouting priority -350;
    iifname "{interface}" ip saddr {gateway} tcp dport 22 ip saddr set {bastion}
  }}
  chain out {{
    type filter hook postrouting priority 350;
    oifname "{interface}" ip daddr {bastion} tcp sport 22 ip daddr set {gateway}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Management:
    """Whom the containers take this machine for, and which addresses they reach here."""

    bastion: IPv4Address
    services: tuple[IPv4Address, ...]

    async def prepare(self, pid: int, gateway: str) -> None:
        """Give a container, whose system has not started yet, what it needs. Raises LinesError."""
        await within(pid, "sh", "-euc", _OWN_SETTINGS, mount=True)
        await within(pid, "sh", "-euc", _LAY_ETHTOOL, given=_ETHTOOL, mount=True)
        await within(pid, "ip", "-batch", "-", given="".join(f"{line}\n" for line in self._routes(gateway)))
        rules = _BASTION.format(interface=INTERFACE, gateway=gateway, bastion=self.bastion)
        await within(pid, "nft", "-f", "-", given=rules)

    def _routes(self, gateway: str) -> Iterable[str]:
        by = f"via {gateway} dev {INTERFACE}"
        for address in dict.fromkeys((self.bastion, *self.services)):
            yield f"route replace {address}/32 {by}"
        yield f"route add default {by} metric {_WORST_METRIC}"
        yield "route delete default metric 100"


async def tell_speeds(pid: int, speeds_gbps: Mapping[str, int]) -> None:
    """Have the ports of a container say how fast they are. Raises LinesError."""
    text = "".join(f"{interface} {speed}\n" for interface, speed in speeds_gbps.items())
    await within(pid, "sh", "-euc", _LAY, given=text, mount=True)
