"""Ansible's lookup `karst_alone`: one run over an inventory at a time. See docs/inventory.md."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: karst_alone
short_description: One run over an inventory at a time
description:
  - Gives nothing, and fails if another run that called it with the same inventory is under way on this machine.
  - The lock is the inventory's folder itself, so that no file is left. It is held until this run has ended, and with
    it every worker that it started. After a run was killed its workers may still be about to take a host down.
options:
  _terms:
    description: Where the inventory lies, file or folder; the first one counts.
    required: true
"""

# By folder: open as long as the process lives; its workers inherit it.
_held: dict[Path, int] = {}


class LookupModule(LookupBase):
    """Holds a folder's lock for the rest of the run."""

    def run(self, terms: Any, variables: Any = None, **kwargs: Any) -> list[Any]:  # noqa: ARG002 - Ansible's signature
        """Return nothing. Raises AnsibleError if somebody else holds the lock, OSError if there is no such folder."""
        where = Path(str(terms[0]))
        folder = where if where.is_dir() else where.parent
        if folder not in _held:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise AnsibleError(
                    f"another run over {folder} is under way, or workers of one that was killed; start again once they "
                    "have ended"
                ) from None
            _held[folder] = descriptor
        return []
