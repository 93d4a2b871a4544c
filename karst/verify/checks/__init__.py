"""The checks, a module a noun. docs/verify.md lists them."""

from __future__ import annotations

from karst.verify.checks import cooling, fabric, host, parts, pdu, power
from karst.verify.checks.base import Check, HostCheck, PduCheck, ServerCheck
from karst.verify.checks.identity import Identity
from karst.verify.expected_network import ExpectedNode
from karst.verify.observed import ObservedNode

FIRMWARE = parts.Firmware()
IDENTITY = Identity()

SERVER_CHECKS: tuple[ServerCheck, ...] = (
    power.Running(),
    power.SuppliesPresent(),
    power.SuppliesWell(),
    power.InputNormal(),
    power.Redundancy(),
    power.OnePath(),
    cooling.FansTurn(),
    cooling.FanRedundancy(),
    cooling.Inlet(),
    cooling.Exhaust(),
    cooling.Leaks(),
    parts.Processors(),
    parts.Memory(),
    parts.ErrorCorrection(),
    parts.Drives(),
    parts.Interfaces(),
)
PDU_CHECKS: tuple[PduCheck, ...] = (pdu.Mains(), pdu.Breakers(), pdu.Outlets())
HOST_CHECKS: tuple[HostCheck, ...] = (host.Name(), host.Image(), host.Release(), host.State(), host.Offset())
FABRIC_CHECKS: tuple[Check[ExpectedNode, ObservedNode], ...] = (
    fabric.Links(),
    fabric.Speeds(),
    fabric.Cables(),
    fabric.Sessions(),
    fabric.KernelRoutes(),
    fabric.Widths(),
)
