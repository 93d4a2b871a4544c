"""Checks between the files of a site: what one names, another must have. A module a noun, a function a rule."""

from __future__ import annotations

from karst.site.draft import Draft
from karst.site.problems import Problems
from karst.site.references.allocations import check_allocations
from karst.site.references.assets import check_assets
from karst.site.references.assumed import check_assumed
from karst.site.references.cooling import check_cooling
from karst.site.references.hardware import check_hardware
from karst.site.references.network import check_network
from karst.site.references.place import check_place
from karst.site.references.power import check_power
from karst.site.references.racks import check_racks
from karst.site.references.spaces import check_spaces
from karst.site.references.tenants import check_clusters, check_tenants


def check_references(draft: Draft, problems: Problems) -> None:
    """Add every fault between files; a file or entry that is itself faulty is not held against others."""
    check_place(draft, problems)
    check_spaces(draft, problems)
    check_power(draft, problems)
    check_cooling(draft, problems)
    check_hardware(draft, problems)
    check_racks(draft, problems)
    check_network(draft, problems)
    check_clusters(draft, problems)
    check_tenants(draft, problems)
    check_allocations(draft, problems)
    check_assets(draft, problems)
    check_assumed(draft, problems)
