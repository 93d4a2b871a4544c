"""Checks between the files of a site: what one names, another must have. A module a noun, a function a rule."""

from __future__ import annotations

from karst.site.draft import Draft
from karst.site.problems import Problems


def check_references(draft: Draft, problems: Problems) -> None:
    """Add every fault between files; a file or entry that is itself faulty is not held against others."""
