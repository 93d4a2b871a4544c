"""What is wrong with a plan: all of it at once, as sentences. See docs/plan.md for every rule."""

from __future__ import annotations

from datetime import date

from karst.plan.checks.assets import check_assets
from karst.plan.checks.clusters import check_clusters
from karst.plan.checks.cooling import check_cooling
from karst.plan.checks.fabric import check_fabric
from karst.plan.checks.holds import check_holds
from karst.plan.checks.network import check_network
from karst.plan.checks.power import check_power
from karst.plan.checks.racks import check_racks
from karst.plan.checks.space import check_space
from karst.plan.model import Plan
from karst.site.problems import Problem, Problems


def check(plan: Plan, today: date | None = None) -> tuple[Problem, ...]:
    """Return every problem of a plan, by file and line. Without `today` nobody looks whether holds have ended."""
    problems = Problems()
    check_racks(plan, problems)
    check_power(plan, problems)
    check_space(plan, problems)
    check_cooling(plan, problems)
    check_network(plan, problems)
    check_fabric(plan, problems)
    check_assets(plan, problems)
    check_clusters(plan, problems)
    if today is not None:
        check_holds(plan, today, problems)
    return problems.all()
