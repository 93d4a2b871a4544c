"""What a site's stacks know of it, in one table: from their state, which a run that failed halfway has written too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from rich.table import Table

from karst.cli.console import Format, out

_RACK = "karst:metal:Rack"
_SWITCH = "karst:network:Switch"
_NAMESPACE = "kubernetes:core/v1:Namespace"
_STACK = "pulumi:pulumi:Stack"


@dataclass(slots=True)
class Summary:
    """A site as its stacks last saw it."""

    site: str
    plan: str  # hash of the plan of now
    racks: int = 0
    servers: int = 0
    servers_on: int = 0
    pdus: int = 0
    switches: int = 0
    tenants: list[str] = field(default_factory=list)
    reset_pending: list[str] = field(default_factory=list)
    reinstall_pending: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # device -> why
    other_plans: dict[str, str] = field(default_factory=dict)  # stack -> hash of the plan it was built from

    def add(self, stack: str, resources: Iterable[Mapping[str, Any]]) -> None:
        """Account for a stack's resources."""
        for resource in resources:
            outputs = resource.get("outputs") or {}
            if resource["type"] == _RACK:
                self._add_rack(resource.get("inputs") or {}, outputs)
            elif resource["type"] == _SWITCH:
                self.switches += 1
            elif resource["type"] == _NAMESPACE:
                self.tenants.append(outputs["metadata"]["name"])
            elif resource["type"] == _STACK and outputs.get("plan_hash") not in (None, self.plan):
                self.other_plans[stack] = outputs["plan_hash"]
        # A state's order is that in which things were done.
        for names in (self.tenants, self.reset_pending, self.reinstall_pending, self.held):
            names.sort()
        self.failed = dict(sorted(self.failed.items()))

    def _add_rack(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        servers, pdus = inputs.get("servers") or {}, inputs.get("pdus") or {}
        self.racks += 1
        self.servers += len(servers)
        self.pdus += len(pdus)
        self.servers_on += int(outputs.get("servers_on") or 0)
        self.reset_pending += outputs.get("reset_pending") or ()
        self.reinstall_pending += outputs.get("reinstall_pending") or ()
        self.held += outputs.get("held") or ()
        self.failed |= outputs.get("failed") or {}
        # Declared failed, and so left alone: whoever reads the summary should know of it all the same.
        self.failed |= {
            name: "its status is failed" for name, each in {**servers, **pdus}.items() if each.get("status") == "failed"
        }

    def show(self, style: Format, twin: Mapping[str, Any] | None = None) -> None:
        """Print it on standard output, and how the twin is if that is known."""
        if style is Format.JSON:
            document = {**asdict(self), **({"twin": twin} if twin is not None else {})}
            out.print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode(), markup=False)
            return
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
        for what, text in self._rows(twin):
            table.add_row(what, text)
        out.print(table, markup=False)

    def _rows(self, twin: Mapping[str, Any] | None) -> Iterable[tuple[str, str]]:
        yield "site", f"{self.site}, plan {self.plan[:12]}"
        yield "racks", f"{self.racks:,}"
        yield "servers on", f"{self.servers_on:,} of {self.servers:,}"
        yield "PDUs", f"{self.pdus:,}"
        yield "switches", f"{self.switches:,}"
        yield "tenants", ", ".join(self.tenants) or "none"
        yield "held", ", ".join(self.held) or "none"
        yield "failed", "\n".join(f"{name}: {why}" for name, why in self.failed.items()) or "none"
        yield "reset pending", ", ".join(self.reset_pending) or "none"
        if self.reinstall_pending:
            yield "reinstall pending", ", ".join(self.reinstall_pending)
        for stack, plan_hash in self.other_plans.items():
            yield stack, f"built from another plan, {plan_hash[:12]}; `karst up {self.site}` brings it to this one"
        if twin is not None:
            yield "twin", str(twin["state"])
