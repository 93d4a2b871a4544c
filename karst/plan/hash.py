"""The plan's hash: what a site and its allocations say, not how their files are laid out."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from pydantic import BaseModel

from karst.site.model import Site
from karst.site.racks import RacksFile


def plan_hash(site: Site) -> str:
    """Return SHA-256, hex, over the site, its allocations, assets and hardware as JSON with sorted keys.

    Comments, order of keys, short forms and the reasons under `assumed` leave it as it is; every value that the plan
    is derived from changes it.
    """
    said = {
        "place": _said(site.place),
        "spaces": _said(site.spaces),
        "power": _said(site.power),
        "cooling": _said(site.cooling),
        "racks": _racks(site.racks),
        "network": _said(site.network),
        "clusters": _said(site.clusters),
        "tenants": _said(site.tenants),
        "allocations": _said(site.allocations),
        "assets": {name: _said(asset) for name, asset in site.assets.items()},
        "device_types": {slug: _said(device_type) for slug, device_type in site.device_types.items()},
        "specs": {slug: _said(spec) for slug, spec in site.specs.items()},
    }
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _said(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude={"assumed"})


def _racks(racks: RacksFile) -> dict[str, Any]:
    """Return racks.yml; a pattern's device without a status takes the row's, which is not the same as `active`."""
    said = _said(racks)
    for name, pattern in racks.patterns.items():
        for kind, devices in (("pdus", pattern.pdus), ("servers", pattern.servers)):
            for short, device in devices.items():
                if "status" not in device.model_fields_set:
                    said["patterns"][name][kind][short]["status"] = None
    return said
