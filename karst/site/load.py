"""Loads a site: every file read, validated, and checked against the others; all faults at once. See docs/site.md."""

from __future__ import annotations

from pathlib import Path

from karst.site.allocations import AllocationsFile
from karst.site.clusters import ClustersFile
from karst.site.cooling import CoolingFile
from karst.site.deliveries import read_assets
from karst.site.draft import Draft
from karst.site.library import read_hardware
from karst.site.model import Site
from karst.site.network import NetworkFile
from karst.site.place import PlaceFile
from karst.site.power import PowerFile
from karst.site.problems import Problem, Problems, SiteError
from karst.site.racks import RacksFile
from karst.site.read import read
from karst.site.references import check_references
from karst.site.spaces import SpacesFile
from karst.site.tenants import TenantsFile


def load(site_dir: Path, hardware_dir: Path) -> Site:
    """Return the site declared in `site_dir`, its device types taken from `hardware_dir`.

    Raises SiteError with every fault of every file. Warnings do not stop it; `load_with_warnings` returns them.
    """
    return load_with_warnings(site_dir, hardware_dir)[0]


def load_with_warnings(site_dir: Path, hardware_dir: Path) -> tuple[Site, tuple[Problem, ...]]:
    """Return the site and the warnings about it. Raises SiteError, which holds the warnings too."""
    problems = Problems()
    draft = read_draft(site_dir, hardware_dir, problems)
    check_references(draft, problems)
    if problems.errors():
        raise SiteError(problems.all())
    return draft.site(), problems.all()


def load_for_allocation(site_dir: Path, hardware_dir: Path) -> tuple[Site, tuple[Problem, ...]]:
    """Return what `load_with_warnings` does, of a site that may be new: its `allocations.yml` need not exist."""
    problems = Problems()
    draft = read_draft(site_dir, hardware_dir, problems, no_allocations=b"schema: 1\n")
    check_references(draft, problems)
    if problems.errors():
        raise SiteError(problems.all())
    return draft.site(), problems.all()


def read_draft(site_dir: Path, hardware_dir: Path, problems: Problems, no_allocations: bytes | None = None) -> Draft:
    """Return whatever of the files can be read. `no_allocations` stands for an `allocations.yml` that is not there."""
    library = read_hardware(hardware_dir, problems)
    return Draft(
        folder=site_dir.resolve().name,
        place=read(site_dir / "site.yml", "site.yml", PlaceFile, problems),
        spaces=read(site_dir / "spaces.yml", "spaces.yml", SpacesFile, problems),
        power=read(site_dir / "power.yml", "power.yml", PowerFile, problems),
        cooling=read(site_dir / "cooling.yml", "cooling.yml", CoolingFile, problems),
        racks=read(site_dir / "racks.yml", "racks.yml", RacksFile, problems),
        network=read(site_dir / "network.yml", "network.yml", NetworkFile, problems),
        clusters=read(site_dir / "clusters.yml", "clusters.yml", ClustersFile, problems),
        tenants=read(site_dir / "tenants.yml", "tenants.yml", TenantsFile, problems),
        allocations=read(site_dir / "allocations.yml", "allocations.yml", AllocationsFile, problems, no_allocations),
        assets=read_assets(site_dir / "assets.csv", problems),
        device_types=library.device_types,
        specs=library.specs,
    )
