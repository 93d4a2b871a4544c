"""What must not happen at once does not: by the twin's own record of when each server started."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from .lab import Lab, lab
from .plugin import State, plugin

pytestmark = pytest.mark.slow

STARTED, RESTARTED, ON = "is being powered on", "is being restarted", "system is on"
# The pause is 0.2 s from request to request; on the way to the BMC a request may be late by some of it.
GAP_S = 0.1


@pytest.fixture
def slow_twin(tmp_path: Path) -> Iterator[Lab]:
    """Of servers that take long enough to start for two to be seen starting at once."""
    with lab(tmp_path, timing="power_on_s=1.5,shutdown_s=0.3,cycle_s=0.1,task_s=0.05,bmc_start_s=0.3") as made:
        yield made


async def test_power_on_is_staggered_by_branch_circuit(twin: Lab, tmp_path: Path) -> None:
    wanted = twin.whole()
    groups: dict[str, list[str]] = {}
    for name, server in wanted["servers"].items():
        rack = name.rpartition("-")[0]
        server["branches"] = [f"{rack}-pdu-a/B1", f"{rack}-pdu-b/B1"]
        groups.setdefault(rack, []).append(name)
    async with plugin(tmp_path, twin.configuration()) as karst:
        assert (await karst.create(wanted)).reasons == []
    starts = {rack: sorted(at for name in names for at in twin.events(name, STARTED)) for rack, names in groups.items()}
    for times in starts.values():
        assert len(times) == 4
        assert min(later - before for before, later in pairwise(times)) > GAP_S
    # Racks do not wait for each other.
    everything = sorted(at for times in starts.values() for at in times)
    assert min(later - before for before, later in pairwise(everything)) < GAP_S


async def reset(twin: Lab, folder: Path, domains: int, faults: list[dict[str, Any]]) -> State:
    """Consent to a reset of six servers in so many failure domains, with faults from then on. How it came out."""
    wanted = twin.whole()
    names = [name for name in wanted["servers"] if name.endswith(("s01", "s02"))]
    for index, name in enumerate(names):
        wanted["servers"][name]["failure_domain"] = f"domain-{index % domains}"
    async with plugin(folder, twin.configuration()) as karst:
        state = await karst.create(wanted)
        assert state.reasons == []
        wanted = deepcopy(wanted)
        for name in names:
            wanted["servers"][name]["settings"]["BootMode"] = "Bios"
        await karst.configure(twin.configuration(allow_reset=names, timeout_s=1))
        twin.control.set_faults(faults)
        return await karst.update(state, wanted)


def restarts(twin: Lab) -> list[tuple[str, float, float]]:
    """Server, when its restart began, and when it was on again."""
    found = []
    for name in twin.whole()["servers"]:
        for begun in twin.events(name, RESTARTED):
            found.append((name, begun, min(at for at in twin.events(name, ON) if at > begun)))
    return found


async def test_resets_of_a_failure_domain_come_one_after_the_other(slow_twin: Lab, tmp_path: Path) -> None:
    state = await reset(slow_twin, tmp_path, 2, [])
    assert (state.reasons, state.outputs["reset_pending"]) == ([], [])
    found = restarts(slow_twin)
    assert len(found) == 6
    domains = {name: server["failure_domain"] for name, server in state.inputs["servers"].items()}
    together = {
        domains[one] == domains[other]
        for (one, begun, ended), (other, begun_too, ended_too) in combinations(found, 2)
        if begun < ended_too and begun_too < ended
    }
    assert together == {False}  # some of two domains at once, of one never


async def test_after_a_reset_that_failed_no_other_of_the_domain_is_reset(twin: Lab, tmp_path: Path) -> None:
    refusal = {"path": "*ComputerSystem.Reset", "method": "POST", "status": 500}
    state = await reset(twin, tmp_path, 1, [refusal])
    assert len(state.failed) == 6
    refused = sorted("refused with 500" in why for why in state.outputs["failed"].values())
    assert refused == [False] * 5 + [True]
    assert sum("not reset: the reset of https://" in why for why in state.outputs["failed"].values()) == 5
    assert restarts(twin) == []
    assert twin.control.status()["servers_on"] == 12
