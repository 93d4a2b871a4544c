"""What a site's stacks say of it, in one table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from rich.table import Table

from karst.cli.console import Format, out


@dataclass(slots=True)
class Summary:
    """A site as its stacks last saw it."""

    site: str
    plan_hash: str
    racks: int = 0
    servers: int = 0
    servers_on: int = 0
    pdus: int = 0
    tenants: list[str] = field(default_factory=list)
    reset_pending: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    other_plans: dict[str, str] = field(default_factory=dict)  # stack -> hash of the plan it was built from

    def add(self, stack: str, outputs: dict[str, Any]) -> None:
        """Account for a stack's outputs."""
        for count in ("racks", "servers", "servers_on", "pdus"):
            setattr(self, count, getattr(self, count) + int(outputs.get(count, 0)))
        for names in ("tenants", "reset_pending", "held"):
            getattr(self, names).extend(outputs.get(names) or ())
        self.failed.update(outputs.get("failed") or {})
        if outputs.get("plan_hash") not in (None, self.plan_hash):
            self.other_plans[stack] = outputs["plan_hash"]

    def show(self, style: Format) -> None:
        """Print it on standard output."""
        if style is Format.JSON:
            out.print(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2).decode(), markup=False)
            return
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
        table.add_row("site", f"{self.site}, plan {self.plan_hash[:12]}")
        table.add_row("racks", str(self.racks))
        table.add_row("servers on", f"{self.servers_on} of {self.servers}")
        table.add_row("PDUs", str(self.pdus))
        table.add_row("tenants", ", ".join(self.tenants) or "none")
        table.add_row("held", ", ".join(self.held) or "none")
        table.add_row("failed", "\n".join(f"{name}: {why}" for name, why in self.failed.items()) or "none")
        table.add_row("reset pending", ", ".join(self.reset_pending) or "none")
        for stack, plan_hash in self.other_plans.items():
            table.add_row(stack, f"built from another plan, {plan_hash[:12]}")
        out.print(table)
