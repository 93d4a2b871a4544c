"""How a server's power state changes, and what a start brings with it."""

from __future__ import annotations

from karst.twin.bmc import Bmc
from karst.twin.state import Bios, Boot, Power

STARTS = ("On", "ForceOn")
RESTARTS = ("ForceRestart", "GracefulRestart")

# How often it is looked whether an operating system that was asked to shut down has done so.
_HOST_POLL_S = 0.1


def reset(bmc: Bmc, kind: str) -> None:
    """Carry out a ComputerSystem.Reset that was already accepted. What is so already stays so."""
    state = bmc.get(Power)
    is_off = state.state in ("Off", "PoweringOff")
    if kind == "PushPowerButton":
        kind = "On" if is_off else "GracefulShutdown"
    if kind in STARTS and is_off:
        _begin_start(bmc, state)
    elif kind == "ForceOff" and state.state != "Off":
        state.power_offs += 1
        bmc.world.hosts.cut(bmc)
        _rest(state, "Off")
        bmc.log("The system was forced off.", "ResourceEvent.1.3.ResourcePoweredOff", "Warning")
    elif kind == "GracefulShutdown" and not is_off:
        state.power_offs += 1
        bmc.world.hosts.shut_down(bmc)
        _move(bmc, state, "PoweringOff", "Off", bmc.world.timing.shutdown_s)
    elif kind in RESTARTS and not is_off:
        state.resets += 1
        (bmc.world.hosts.shut_down if kind == "GracefulRestart" else bmc.world.hosts.cut)(bmc)
        graceful_s = bmc.world.timing.shutdown_s if kind == "GracefulRestart" else 0.0
        _move(bmc, state, state.state, "Restart", graceful_s + bmc.world.timing.power_on_s)
        bmc.log("The system is being restarted.", "ResourceEvent.1.3.ResourceStateChanged")
    elif kind == "PowerCycle" and not is_off:
        state.resets += 1
        bmc.world.hosts.cut(bmc)
        _move(bmc, state, "PoweringOff", "Cycle", bmc.world.timing.cycle_s)
    elif kind == "Nmi":
        bmc.log("A non-maskable interrupt was raised.", "ResourceEvent.1.3.ResourceStateChanged", "Warning")
    bmc.changed(state)
    bmc.world.electrics.settle([bmc.name])


def due(bmc: Bmc) -> None:
    """Complete the transition whose time has come."""
    state = bmc.get(Power)
    if not state.goal:
        return
    wait_s = state.until - bmc.world.now()
    if wait_s > 0:
        bmc.world.later(wait_s, due, bmc)
        return
    if bmc.world.hosts.busy(bmc):
        bmc.world.later(_HOST_POLL_S, due, bmc)
        return
    goal = state.goal
    if goal == "Off":
        _rest(state, "Off")
        bmc.log("The system is off.", "ResourceEvent.1.3.ResourcePoweredOff")
    elif goal == "Cycle":
        _begin_start(bmc, state)
    else:
        _rest(state, "On")
        _started(bmc)
    bmc.changed(state)
    bmc.world.electrics.settle([bmc.name])


def lost(bmc: Bmc) -> None:
    """Both cords are dead: the server is off at once and its BMC goes dark."""
    state = bmc.get(Power)
    state.lit, state.was_on = False, state.state in ("On", "PoweringOn")
    bmc.world.hosts.cut(bmc)
    _rest(state, "Off")
    bmc.sessions.clear()
    bmc.changed(state)
    bmc.log("All power was lost.", "Power.1.0.PowerLost", "Critical")


def restored(bmc: Bmc) -> None:
    """Power is back: the BMC starts, then the restore policy decides."""
    state = bmc.get(Power)
    state.lit = True
    bmc.dark_until = bmc.world.now() + bmc.world.timing.bmc_start_s
    bmc.log("Power was restored.", "Power.1.0.PowerRestored")
    wanted = state.restore_policy == "AlwaysOn" or (state.restore_policy == "LastState" and state.was_on)
    if wanted:
        _begin_start(bmc, state)
    bmc.changed(state)


def halted(bmc: Bmc) -> None:
    """The operating system has powered the server off of itself."""
    state = bmc.get(Power)
    _rest(state, "Off")
    bmc.changed(state)
    bmc.log("The operating system has powered the system off.", "ResourceEvent.1.3.ResourcePoweredOff")
    bmc.world.electrics.settle([bmc.name])


def restart(bmc: Bmc) -> None:
    """The operating system or an installer restarts the server of itself."""
    state = bmc.get(Power)
    _move(bmc, state, state.state, "Restart", bmc.world.timing.power_on_s)
    bmc.changed(state)
    bmc.log("The operating system restarts the system.", "ResourceEvent.1.3.ResourceStateChanged")


def progress(bmc: Bmc) -> str:
    """BootProgress of the server."""
    state = bmc.get(Power)
    if state.state == "PoweringOn" or state.goal == "Restart":
        return "MemoryInitializationStarted"
    return bmc.world.hosts.progress(bmc) if state.state == "On" else "None"


def _begin_start(bmc: Bmc, state: Power) -> None:
    state.power_ons += 1
    _move(bmc, state, "PoweringOn", "On", bmc.world.timing.power_on_s)
    bmc.log("The system is being powered on.", "ResourceEvent.1.3.ResourcePoweringOn")


def _move(bmc: Bmc, state: Power, through: str, goal: str, seconds: float) -> None:
    state.state, state.goal, state.until = through, goal, bmc.world.now() + seconds
    bmc.world.later(seconds, due, bmc)


def _rest(state: Power, at: str) -> None:
    state.state, state.goal, state.until = at, "", 0.0


def _started(bmc: Bmc) -> None:
    """Firmware ran: staged BIOS settings hold now, and a one-time boot override is used up."""
    bios, boot = bmc.get(Bios), bmc.get(Boot)
    if bios.reset or bios.pending:
        kept = {} if bios.reset else bios.attributes
        bios.attributes, bios.pending, bios.reset = kept | bios.pending, {}, False
        bmc.changed(bios)
        bmc.log("Staged BIOS settings were applied.", "Base.1.18.SettingsApplied")
    boot.last = boot.target if boot.enabled != "Disabled" else "None"
    if boot.enabled == "Once":
        boot.enabled, boot.target = "Disabled", "None"
    bmc.changed(boot)
    bmc.log("The system is on.", "ResourceEvent.1.3.ResourcePoweredOn")
    bmc.world.hosts.started(bmc)
