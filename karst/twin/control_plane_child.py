"""Becomes another program that ends when its parent ends, however the parent ends, SIGKILL included.

Run as a script: `python -I -S control_plane_child.py PARENT_PID PROGRAM ARGUMENT…`. A wrapper rather than a
`preexec_fn`: Python code between fork and exec is unsafe in a process with threads, and the twin has some.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent: int, command: list[str]) -> None:
    """Ask the kernel for SIGKILL at the parent's death, then become `command`; never returns. Raises OSError.

    SIGKILL and not SIGTERM, because nobody is left to insist. etcd's log makes that safe.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have died before the kernel knew what we want.
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.execv(command[0], command)  # noqa: S606 - a shell is what we do not want


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
