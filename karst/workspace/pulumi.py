"""The environment in which plain `pulumi`, `kubectl` and `karst` act on this clone's stacks and no other's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from karst.workspace import binaries
from karst.workspace.paths import Paths

# The engine runs 4 x cores operations at once by itself. A rack is one operation and mostly waiting for BMCs, so a
# hall's racks must run at once for the provider's own bound on concurrency to be the one that counts.
_PARALLEL = 64


def environment(paths: Paths) -> dict[str, str]:
    """Variables to set, by name; PATH is this process's with ours first. Holds no secrets, only where they lie.

    Raises WorkspaceError if the tools are not built.
    """
    # Not resolved: in a virtual environment the interpreter is a link, and its folder is what belongs on PATH.
    ours = [str(Path(sys.executable).parent), str(binaries.folder(paths))]
    inherited = [each for each in os.environ.get("PATH", os.defpath).split(os.pathsep) if each not in ours]
    return {
        "PATH": os.pathsep.join([*ours, *inherited]),
        "TMPDIR": str(paths.scratch),
        "PULUMI_HOME": str(paths.pulumi_home),
        "PULUMI_BACKEND_URL": paths.backend_url,
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        # A rack with a dead server fails; its neighbours are to be built all the same.
        "PULUMI_CONTINUE_ON_ERROR": "true",
        "PULUMI_PARALLEL": str(_PARALLEL),
        "KUBECONFIG": str(paths.kubeconfig),
        "KARST_HOME": str(paths.home),
        "KARST_LOCKS": str(paths.locks),
    }
