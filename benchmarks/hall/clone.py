"""A clone of Karst in a folder of its own, whose qixing has servers to build in hall h01: all 1,000, or a few."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from karst.plan.model import Plan
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.twin.device import devices
from karst.twin.factory import delivery_note
from karst.workspace import pulumi, workspace
from karst.workspace.layers import StackOfSite, configure
from karst.workspace.paths import Paths
from karst.workspace.stack import Stack
from karst.workspace.workspace import Workspace

ORIGIN = Path(__file__).resolve().parents[2]
SITE, HALL = "qixing", "h01"
WHOLE_HALL = 1000
# A row of each kind that the hall has: control planes, compute, storage, each by another maker.
KINDS = {"control": "r1", "compute": "r2", "storage": "r5"}


@dataclass(slots=True)
class Clone:
    """The clone, set up and planned."""

    folder: Path
    servers: int
    stack: Stack = field(init=False)
    workspace: Workspace = field(init=False)
    plan: Plan = field(init=False)
    environment: dict[str, str] = field(init=False)

    @property
    def paths(self) -> Paths:
        return Paths(self.folder, self.folder / ".karst")

    @property
    def site(self) -> Path:
        return self.folder / "sites" / SITE

    @property
    def endpoints(self) -> dict[str, str]:
        """Address and port of every BMC, by device."""
        port = self.workspace.ports["bmc"]
        return {each.name: f"{each.address}:{port}" for each in devices(self.plan)}

    @property
    def state_bytes(self) -> int:
        """Size of the stack's state as it lies on disk."""
        (file,) = (self.paths.backend / ".pulumi" / "stacks").rglob(f"{self.stack.name}.json")
        return file.stat().st_size


def create(folder: Path, servers: int) -> Clone:
    """Set it up in an empty folder, with its stack."""
    _copy(folder, servers)
    made = Clone(folder, servers)
    made.plan = _delivered(made)
    authority = made.plan.site.place.services.certificate_authority
    made.workspace = workspace.load_or_create(made.paths, SITE, authority.common_name, authority.organisation)
    made.environment = pulumi.environment(made.paths)
    what = StackOfSite(f"{SITE}-metal-{HALL}", "metal", HALL)
    made.stack = Stack(made.paths, what.name, made.environment)
    made.stack.create()
    configure(made.stack, what, made.plan, made.workspace, hosts=False)
    return made


def _copy(folder: Path, servers: int) -> None:
    for name in ("Pulumi.yaml", "__main__.py", "hardware", "tools"):
        (folder / name).symlink_to(ORIGIN / name)
    shutil.copytree(ORIGIN / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("Pulumi.*", "__pycache__"))
    site = folder / "sites" / SITE
    shutil.copytree(ORIGIN / "sites" / SITE, site)
    file = site / "racks.yml"
    racks = yaml.safe_load(file.read_text())
    _fill(racks, servers)
    # JSON is YAML, and without the anchors that PyYAML would write for what appears twice.
    file.write_text(json.dumps(racks, indent=1))
    if servers < WHOLE_HALL:
        for option in (["--retire"], []):
            command = [str(Path(sys.executable).with_name("karst")), "allocate", SITE, *option]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _fill(racks: dict[str, dict[str, dict[str, object]]], servers: int) -> None:
    """Take h01 out of the rows, and put it back with active servers."""
    rows = {key.replace("h[01-50]", "h[02-50]"): row for key, row in racks["rows"].items()}
    for kind, short in KINDS.items():
        rows[f"{HALL}-{short}"] = {"pattern": kind, "positions": "1-10", "status": "active"}
    if servers == WHOLE_HALL:
        for short in ("r3", "r4"):
            rows[f"{HALL}-{short}"] = {"pattern": "compute", "positions": "1-10", "status": "active"}
    else:
        for index, (kind, short) in enumerate(KINDS.items()):
            few = servers // len(KINDS) + (index < servers % len(KINDS))
            racks["patterns"][f"few-{kind}"] = _few(racks["patterns"][kind], few)
            rows[f"{HALL}-{short}"] |= {"pattern": f"few-{kind}", "positions": "1"}
    racks["rows"] = rows


def _few(pattern: dict[str, object], servers: int) -> dict[str, object]:
    """The pattern with fewer servers."""
    (*_, model) = pattern["servers"].values()
    shown = {f"s{number:02d}": {**model, "u": number * 2 - 1} for number in range(1, servers + 1)}
    if pattern["servers"].get("s01", {}).get("role") == "control_plane":
        shown["s01"]["role"] = "control_plane"
    return {**pattern, "servers": shown}


def _delivered(clone: Clone) -> Plan:
    hardware = clone.folder / "hardware"
    names = sorted(each.name for each in devices(plan(load(clone.site, hardware))))
    (clone.site / "assets.csv").write_text(delivery_note(names))
    return plan(load(clone.site, hardware))
