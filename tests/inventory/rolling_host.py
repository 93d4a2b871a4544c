"""A host as rolling playbooks see one: `rolling_host.py FOLDER NAME down` takes it down and, unless it is broken, back.

Down for a moment is `<name>.up` gone; what happened to whom stands in `log`, in order. A line there is one write.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

DOWN_S = 0.5


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    up = folder / f"{name}.up"
    with (folder / "log").open("a", buffering=1) as log:
        log.write(f"down {name}\n")
        up.unlink(missing_ok=True)
        time.sleep(DOWN_S)  # how long it takes to boot
        if not (folder / f"{name}.broken").exists():
            up.touch()
            log.write(f"up {name}\n")


if __name__ == "__main__":
    main()
