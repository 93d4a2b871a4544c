"""BIOS attributes in effect, those that wait for the next start, and the registry that says what there is."""

from __future__ import annotations

from karst.twin.bmc import Bmc
from karst.twin.messages import Ask, Change
from karst.twin.operations import operation
from karst.twin.resources.common import stamp
from karst.twin.rules import Rule, Rules, parameters
from karst.twin.state import Bios, Json
from karst.twin.tree import ROOT, Resource, Tree

REGISTRIES = f"{ROOT}/Registries"
_KIND = "Bios.v1_2_3"


def build(tree: Tree) -> None:
    """Bios, its settings object and its attribute registry."""
    spec = tree.spec.server
    assert spec is not None  # noqa: S101  # it is a server's tree
    path = f"{tree.system}/Bios"
    pending = f"{path}/{tree.shape.bios_settings_id}"
    # From the factory each setting has the maker's last word, so that a new server is never as a site wants it.
    named = {setting.attribute: list(setting.values.values()) for setting in spec.settings.values()}
    defaults: Json = {**{name: words[-1] for name, words in named.items()}, **tree.shape.attributes}
    rules: dict[str, Rule] = {
        f"Attributes.{name}": Rule(type(value), choices=tuple(named.get(name, ()))) for name, value in defaults.items()
    }
    registry = _registry(tree, named, defaults)
    waiting = {
        "@odata.type": "#Settings.v1_4_0.Settings",
        "SettingsObject": tree.ref(pending),
        "SupportedApplyTimes": ["OnReset"],
        "Messages": [],
    }
    actions = tree.action(path, "Bios.ResetBios", _reset_bios)

    def current(bmc: Bmc) -> Json:
        return defaults | bmc.get(Bios).attributes

    def future(bmc: Bmc) -> Json:
        state = bmc.get(Bios)
        shown = {} if tree.shape.bios_pending_only else defaults if state.reset else current(bmc)
        return shown | state.pending

    tree.add(
        path,
        _KIND,
        "BIOS settings in effect",
        lambda bmc: {
            "AttributeRegistry": registry,
            "Attributes": current(bmc),
            "ResetBiosToDefaultsPending": bmc.get(Bios).reset,
            "@Redfish.Settings": waiting,
            "Actions": actions,
        },
    )
    head = tree.head(pending, _KIND, "BIOS settings after the next start")

    def ruling(_: Bmc) -> Rules:
        return rules

    tree.put(
        Resource(
            pending,
            lambda bmc: {**head, "AttributeRegistry": registry, "Attributes": future(bmc)},
            ruling,
            _stage,
        )
    )


def _registry(tree: Tree, named: dict[str, list[str]], defaults: Json) -> str:
    """The attribute registry, and its name."""
    name = f"BiosAttributeRegistry{tree.shape.vendor}.1.0.0"
    file = f"{REGISTRIES}/{name}"
    tree.collection(REGISTRIES, "MessageRegistryFileCollection", "Registries", [name])
    location = {"Language": "en", "Uri": tree.link(f"{file}/registry")}
    tree.add(
        file,
        "MessageRegistryFile.v1_1_5",
        "BIOS attribute registry file",
        {"Registry": name.rsplit(".", 1)[0], "Languages": ["en"], "Location": [location]},
    )
    kinds = {bool: "Boolean", int: "Integer", str: "String"}
    attributes = []
    for attribute, default in defaults.items():
        words = named.get(attribute)
        entry: Json = {
            "AttributeName": attribute,
            "DisplayName": attribute,
            "Type": "Enumeration" if words else kinds[type(default)],
            "DefaultValue": default,
            "ReadOnly": False,
            "ResetRequired": True,
        }
        if words:
            entry["Value"] = [{"ValueName": word, "ValueDisplayName": word} for word in words]
        attributes.append(entry)
    tree.add(
        f"{file}/registry",
        "AttributeRegistry.v1_4_0",
        "BIOS attributes",
        {
            "Language": "en",
            "OwningEntity": tree.shape.vendor,
            "RegistryVersion": "1.0.0",
            "RegistryEntries": {"Attributes": attributes},
        },
    )
    return name


def _stage(_: Bmc, changes: Json) -> Change:
    return Change("bios", {name.removeprefix("Attributes."): value for name, value in changes.items()})


def _reset_bios(_: Bmc, body: Json, __: Ask) -> Change:
    parameters("Bios.ResetBios", body, {})
    return Change("bios_reset", {})


@operation("bios")
def _staged(bmc: Bmc, attributes: Json) -> None:
    state = bmc.get(Bios)
    state.pending.update(attributes)
    bmc.changed(state)
    bmc.log(
        f"BIOS settings were staged at {stamp(bmc.world.now())}: {', '.join(sorted(attributes))}.",
        "ResourceEvent.1.4.ResourceChanged",
    )


@operation("bios_reset")
def _defaults(bmc: Bmc, _: Json) -> None:
    state = bmc.get(Bios)
    state.reset, state.pending = True, {}
    bmc.changed(state)
