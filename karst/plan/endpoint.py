"""Where a BMC or a host answers: at its planned address, or where somebody maps the site's prefix."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network


def mapped(address: IPv4Address, site_prefix: IPv4Network, prefix: IPv4Network | None) -> IPv4Address:
    """Return `address` with `prefix` in the place of `site_prefix`, its offset inside it kept; as it is without one.

    Raises ValueError if `address` lies outside `site_prefix` or its offset outside `prefix`.
    """
    if prefix is None:
        return address
    if address not in site_prefix:
        raise ValueError(f"{address} is not in the site's prefix {site_prefix}")
    offset = int(address) - int(site_prefix.network_address)
    if offset >= prefix.num_addresses:
        raise ValueError(f"{prefix} is too small to map {address} of {site_prefix}")
    return prefix.network_address + offset


def endpoint(
    address: IPv4Address, site_prefix: IPv4Network, prefix: IPv4Network | None = None, port: int | None = None
) -> str:
    """Return the https URL of the BMC or rack PDU at `address`, without a slash at the end.

    `prefix` takes the place of `site_prefix`, the site's out_of_band prefix, as `mapped` has it. Raises ValueError.
    """
    where = mapped(address, site_prefix, prefix)
    return f"https://{where}" if port in (None, 443) else f"https://{where}:{port}"
