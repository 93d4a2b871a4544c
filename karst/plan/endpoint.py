"""Where a BMC answers: at its planned address, or where a stack's configuration maps the site's prefix."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network


def endpoint(
    address: IPv4Address, site_prefix: IPv4Network, prefix: IPv4Network | None = None, port: int | None = None
) -> str:
    """Return the https URL of the BMC or rack PDU at `address`, without a slash at the end.

    `prefix` takes the place of `site_prefix`, the site's out_of_band prefix, and the offset inside it stays.
    Raises ValueError if `address` lies outside `site_prefix` or its offset outside `prefix`.
    """
    if prefix is not None:
        if address not in site_prefix:
            raise ValueError(f"{address} is not in the site's out-of-band prefix {site_prefix}")
        offset = int(address) - int(site_prefix.network_address)
        if offset >= prefix.num_addresses:
            raise ValueError(f"{prefix} is too small to map {address} of {site_prefix}")
        address = prefix.network_address + offset
    return f"https://{address}" if port in (None, 443) else f"https://{address}:{port}"
