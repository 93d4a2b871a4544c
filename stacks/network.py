"""The layer `network`: what each leaf, spine and border routes by, pushed in the order of `rollout`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from karst.plan.model import Plan
from karst.plan.network.fabric import fabric
from karst.plan.network.nodes import node
from karst.plan.network.rollout import rollout
from karst.provider.planned import HostMap
from karst.provider.provider import Provider, ProviderArgs
from karst.provider.switch import Switch, SwitchArgs
from karst.render.network import Renderer


def declare(plan: Plan, config: pulumi.Config) -> Mapping[str, Any]:
    """Declare the switches of the halls that `karst:halls` names, or of all; returns what to export.

    Raises pulumi.RunError.
    """
    made, renderer = fabric(plan), Renderer(Path("templates"))
    try:
        reach = HostMap.of_switches(plan, config.get_object("switch_map"))
    except ValueError as fault:
        raise pulumi.RunError(str(fault)) from None
    provider = Provider(
        "karst",
        ProviderArgs(
            ssh_ca=config.require("ssh_ca"),
            ssh_config=config.get("ssh_config"),
            rollback_after_s=config.get_int("rollback_after_s"),
        ),
    )
    halls = frozenset(config.get_object("halls", default=[]))
    done: dict[str, Switch] = {}
    for name, before in rollout(made.switches_of(halls)).items():
        args = SwitchArgs(
            name=name,
            endpoint=reach.place(plan.switches[name].out_of_band),
            configuration=renderer.frr(node(made, name)),
        )
        options = pulumi.ResourceOptions(provider=provider, depends_on=[done[each] for each in before])
        done[name] = Switch(name, args, options)
    return {"switches": len(done)}
