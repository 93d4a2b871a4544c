"""Switching the outlets and breakers of a rack PDU."""

from __future__ import annotations

from karst.twin.bmc import Bmc
from karst.twin.state import Outlets


def switch(bmc: Bmc, outlet: str, to: str) -> None:
    """Turn an outlet On or Off, or off and on again (PowerCycle); what hangs on it follows at once."""
    state = bmc.get(Outlets)
    _take(state.cycling, outlet)
    if to == "On":
        _take(state.off, outlet)
    elif outlet not in state.off:
        state.off.append(outlet)
    if to == "PowerCycle":
        state.cycling.append(outlet)
        bmc.world.later(bmc.world.timing.cycle_s, resume, bmc)
    bmc.changed(state)
    word = {"On": "on", "Off": "off", "PowerCycle": "off and on again"}[to]
    bmc.log(f"Outlet {outlet} was switched {word}.", "ResourceEvent.1.4.ResourceChanged")
    bmc.world.electrics.settle(bmc.world.electrics.fed_by(bmc.name, [outlet]))


def resume(bmc: Bmc) -> None:
    """Switch on what was to come back by itself."""
    for outlet in list(bmc.get(Outlets).cycling):
        switch(bmc, outlet, "On")


def control_breaker(bmc: Bmc, branch: str, to: str) -> None:
    """Close a breaker, after it tripped too, or open it."""
    state = bmc.get(Outlets)
    _take(state.tripped, branch)
    _take(state.opened, branch)
    if to == "Off":
        state.opened.append(branch)
    bmc.changed(state)
    bmc.log(f"The breaker of branch {branch} was turned {to.lower()}.", "ResourceEvent.1.4.ResourceChanged")
    electrics = bmc.world.electrics
    electrics.settle(electrics.fed_by(bmc.name, electrics.branch_outlets(bmc.name, branch)))


def _take(names: list[str], name: str) -> None:
    if name in names:
        names.remove(name)
