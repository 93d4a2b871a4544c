"""What `pulumi up` does, in order: load the site, plan it, check the plan, declare the stack's layers, export."""

from importlib import import_module
from pathlib import Path

import pulumi

from karst.plan.check import check
from karst.plan.pipeline import plan
from karst.site.load import load
from karst.site.problems import SiteError

# Imported when a stack names them: the Kubernetes SDK alone costs half a second of every run.
LAYERS = {"network": "stacks.network", "metal": "stacks.metal", "tenants": "stacks.tenants"}


def main() -> None:
    """Declare the layers that the stack's `karst:layers` names. Raises pulumi.RunError with every fault at once."""
    config = pulumi.Config("karst")
    names = config.require_object("layers")
    if unknown := [name for name in names if name not in LAYERS]:
        raise pulumi.RunError(f"karst:layers names {', '.join(unknown)}; there are {', '.join(LAYERS)}")
    try:
        planned = plan(load(Path("sites") / config.require("site"), Path("hardware")))
    except SiteError as fault:
        raise pulumi.RunError(str(fault)) from None
    if errors := [str(problem) for problem in check(planned) if problem.severity == "error"]:
        raise pulumi.RunError("\n".join(errors))
    pulumi.export("plan_hash", planned.hash)
    for name in names:
        for key, value in import_module(LAYERS[name]).declare(planned, config).items():
            pulumi.export(key, value)


main()
