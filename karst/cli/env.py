"""`karst env`: the variables with which plain `pulumi` and `kubectl` act on this clone."""

from __future__ import annotations

import shlex

from karst.cli.console import faults_as_sentences, out
from karst.workspace import paths, pulumi, workspace


def env() -> None:
    """Print this clone's environment for a shell.

    Example: eval "$(make -s env)", then `pulumi stack select lab-metal-h1 && pulumi preview`, `kubectl get namespaces`.
    """
    with faults_as_sentences():
        place = paths.find()
        workspace.load(place)
        for name, value in pulumi.environment(place).items():
            out.print(f"export {name}={shlex.quote(value)}", markup=False)
