"""Where a server of any shape has what several tests ask for."""

from __future__ import annotations

from twin_support import Bmc

# An attribute by shape: its name, a word for it, and the factory's word.
BIOS = {
    "fanjing": ("ProcessorPowerProfile", "MaximumPerformance", "Balanced"),
    "leigong": ("EnergyPolicy", "PERF", "BAL"),
    "wumeng": ("PWR0010", "High Performance", "Normal"),
}


def allowed_resets(bmc: Bmc) -> list[str]:
    action = bmc.get(bmc.system)["Actions"]["#ComputerSystem.Reset"]
    if "@Redfish.ActionInfo" in action:
        found: list[str] = bmc.get(action["@Redfish.ActionInfo"])["Parameters"][0]["AllowableValues"]
        return found
    inline: list[str] = action["ResetType@Redfish.AllowableValues"]
    return inline


def settings(bmc: Bmc) -> str:
    found: str = bmc.get(bmc.link("Systems", "0", "Bios"))["@Redfish.Settings"]["SettingsObject"]["@odata.id"]
    return found


def attributes(bmc: Bmc) -> dict[str, object]:
    found: dict[str, object] = bmc.get(bmc.link("Systems", "0", "Bios"))["Attributes"]
    return found


def media(bmc: Bmc) -> str:
    owner = bmc.get(bmc.manager)
    owner = owner if "VirtualMedia" in owner else bmc.get(bmc.system)
    found: str = bmc.get(owner["VirtualMedia"]["@odata.id"])["Members"][0]["@odata.id"]
    return found
