"""What a server is made of: processors, memory, drives, network interfaces, firmware."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from karst.plan.naming import natural
from karst.verify.checks.base import Check
from karst.verify.expected import ExpectedDevice, ExpectedServer
from karst.verify.finding import Alert, Verdict, failed, unobserved
from karst.verify.observed import Interface, ObservedDevice, ObservedServer, Part
from karst.verify.versions import at_least

P = TypeVar("P", bound=Part)

# Of a drive's advertised capacity makers keep some back; below this it is the next smaller model.
_CAPACITY = 0.95


class Processors(Check[ExpectedServer, ObservedServer]):
    """Pass: as many processors as the spec has, OK, of its model, with its cores. Fail: otherwise.

    Unobserved: one does not tell its health, model or cores.
    """

    name = "compute.processors"
    alert = Alert.TICKET
    reads = ("processors",)
    fine = "processors are as in the spec"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        spec, found = expected.spec, observed.processors or {}
        yield from _members("processors", "processor", found, spec.processors)
        for name, each in _there(found):
            for what, seen, wanted in (
                ("model", each.model, spec.processor_model),
                ("cores", each.cores, spec.processor_cores),
            ):
                if seen is None:
                    yield unobserved(f"it does not tell its {what}", name)
                elif seen != wanted:
                    yield failed(f"its {what}: {seen}, in the spec {wanted}", name)


class Memory(Check[ExpectedServer, ObservedServer]):
    """Pass: as many modules as the spec has, OK, of its size. Fail: one is missing, ill or of another size.

    Unobserved: one does not tell its health or size.
    """

    name = "compute.memory"
    alert = Alert.TICKET
    reads = ("memory",)
    fine = "memory modules are as in the spec"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        spec, found = expected.spec, observed.memory or {}
        yield from _members("memory modules", "memory module", found, spec.memory_modules)
        for name, each in _there(found):
            if each.capacity_mib is None:
                yield unobserved("it does not tell its size", name)
            elif each.capacity_mib != spec.memory_module_gib * 1024:
                yield failed(f"it has {each.capacity_mib / 1024:g} GiB, in the spec {spec.memory_module_gib}", name)


class ErrorCorrection(Check[ExpectedServer, ObservedServer]):
    """Pass: every module corrects errors (ECC). Fail: one does not. Unobserved: one does not tell."""

    name = "compute.ecc"
    alert = Alert.TICKET
    reads = ("memory",)
    fine = "every memory module corrects errors"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:  # noqa: ARG002
        """See the class."""
        for name, each in _there(observed.memory or {}):
            if each.error_correction is None:
                yield unobserved("it does not tell whether it corrects errors", name)
            elif each.error_correction == "NoECC":
                yield failed("it corrects no errors", name)


class Drives(Check[ExpectedServer, ObservedServer]):
    """Pass: as many drives as the spec has, OK, none about to fail, none smaller. Fail: otherwise.

    Unobserved: one does not tell its health or size.
    """

    name = "storage.drives"
    alert = Alert.TICKET
    reads = ("drives",)
    fine = "drives are as in the spec"

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        spec, found = expected.spec, observed.drives or {}
        yield from _members("drives", "drive", found, spec.drives)
        for name, each in _there(found):
            if each.failure_predicted:
                yield failed("it predicts its own failure", name)
            if each.capacity_bytes is None:
                yield unobserved("it does not tell its size", name)
            elif each.capacity_bytes < spec.drive_gb * 10**9 * _CAPACITY:
                yield failed(f"it has {each.capacity_bytes / 10**9:.0f} GB, in the spec {spec.drive_gb}", name)


class Interfaces(Check[ExpectedServer, ObservedServer]):
    """Pass: as many interfaces are up as the device type has, each as fast. Fail: too few, or too slow.

    Unobserved: the server is off, or one does not tell its link or speed.
    """

    name = "network.interfaces"
    alert = Alert.PAGE
    reads = ("interfaces",)
    fine = "every interface is up at its speed"
    needs_power = True

    def look(self, expected: ExpectedServer, observed: ObservedServer) -> Iterator[Verdict]:
        """See the class."""
        found = observed.interfaces or {}
        if len(found) < len(expected.interfaces):
            yield failed(f"{len(found)} of {len(expected.interfaces)} interfaces are listed")
        # A BMC names them otherwise than the device type: the fastest have to do for the fastest.
        speeds = sorted(expected.interfaces.values(), reverse=True)
        up = sorted(found, key=lambda name: (-(found[name].speed_mbps or 0), natural(name)))
        for name, wanted_mbps in zip(up, speeds, strict=False):
            yield from _interface(name, found[name], wanted_mbps)


def _interface(name: str, each: Interface, wanted_mbps: int) -> Iterator[Verdict]:
    if each.link is None:
        yield unobserved("it does not tell whether its link is up", name)
    elif each.link != "LinkUp":
        yield failed(f"its link is {each.link}", name)
    elif each.speed_mbps is None:
        yield unobserved("it does not tell its speed", name)
    elif each.speed_mbps < wanted_mbps:
        yield failed(f"it runs at {each.speed_mbps} Mbit/s, in the device type {wanted_mbps}", name)


class Firmware(Check[ExpectedDevice, ObservedDevice]):
    """Pass: every component that the spec names is as new as its minimum. Fail: one is older.

    Unobserved: one tells no version, or one that cannot be compared.
    """

    name = "firmware.minimum"
    alert = Alert.TICKET
    reads = ("firmware",)
    fine = "firmware is as new as the spec wants"

    def applies(self, expected: ExpectedDevice) -> bool:
        """Whether the spec names any."""
        return bool(expected.firmware)

    def look(self, expected: ExpectedDevice, observed: ObservedDevice) -> Iterator[Verdict]:
        """See the class."""
        for component, minimum in expected.firmware.items():
            version = (observed.firmware or {}).get(component)
            if version is None:
                yield unobserved(observed.gaps.get(f"firmware.{component}", "it tells no version"), component)
                continue
            good = at_least(version, minimum)
            if good is None:
                yield unobserved(f"{version} cannot be compared with {minimum}", component)
            elif not good:
                yield failed(f"{version} is older than {minimum}", component)


def _members(nouns: str, noun: str, found: Mapping[str, Part], wanted: int) -> Iterator[Verdict]:
    """Those missing or ill, and whether too few are listed."""
    for name in sorted(found, key=natural):
        part = found[name]
        if not part.is_there:
            yield failed(f"there is no {noun}", name)
        elif part.is_well is None:
            yield unobserved("it says nothing of its health", name)
        elif not part.is_well:
            yield failed(f"it is {part.state}, {part.health}", name)
    if len(found) < wanted:
        yield failed(f"{len(found)} of {wanted} {nouns} are listed")


def _there(found: Mapping[str, P]) -> Iterator[tuple[str, P]]:
    for name in sorted(found, key=natural):
        if found[name].is_there:
            yield name, found[name]
