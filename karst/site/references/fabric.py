"""Checks of the switches that `network.yml` declares."""

from __future__ import annotations

from karst.site.draft import Draft
from karst.site.hardware import SpecKind
from karst.site.network import NetworkFile
from karst.site.problems import Problems
from karst.site.references.devices import check_type
from karst.site.references.refer import Path, refer_all
from karst.site.switches import LEAVES, OUT_OF_BAND


def check_fabric(draft: Draft, network: NetworkFile, problems: Problems) -> None:
    """Pass: every switch is of a switch's type, spines stand in rooms and share a leaf's uplinks evenly."""
    document, fabric = draft.network, network.fabric
    types: dict[Path, str] = {
        ("fabric", "leaf", "device_type"): fabric.leaf.device_type,
        ("fabric", "spine", "device_type"): fabric.spine.device_type,
        ("fabric", "out_of_band", "device_type"): fabric.out_of_band.device_type,
    }
    types |= {("borders", name, "device_type"): border.device_type for name, border in network.borders.items()}
    for path, device_type in types.items():
        check_type(draft, document, path, device_type, SpecKind.SWITCH, problems)
    rooms, path = draft.spaces.names("plant_rooms"), ("fabric", "spine", "plant_rooms")
    refer_all(document, path, fabric.spine.plant_rooms, "plant room", rooms, problems)
    if fabric.leaf.uplinks % fabric.spine.count:
        what = f"fabric.leaf.uplinks is {fabric.leaf.uplinks}, for {fabric.spine.count} spines"
        expected = "a multiple of their count, so that each has the same share"
        problems.error(document.file, document.line("fabric", "leaf", "uplinks"), what, expected)
    _names(draft, problems)


def _names(draft: Draft, problems: Problems) -> None:
    """Pass: no server or rack PDU is called as a switch of its rack would be."""
    for name, pattern in (draft.racks.model.patterns if draft.racks.model else {}).items():
        for kind, devices in (("servers", pattern.servers), ("pdus", pattern.pdus)):
            for short in (*LEAVES, OUT_OF_BAND):
                if short in devices:
                    where = draft.racks.line("patterns", name, kind, short)
                    what = f"patterns.{name}.{kind}.{short} is called as a switch of its rack is"
                    problems.error(draft.racks.file, where, what, "another name")
