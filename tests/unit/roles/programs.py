"""The programs that roles lay on hosts, as modules. They are no package: a host has them as single files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]


def program(role: str) -> ModuleType:
    """Return the program of a role."""
    spec = importlib.util.spec_from_file_location(
        f"program_{role}", ROOT / "roles" / role / "files" / f"karst_{role}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their own up
    spec.loader.exec_module(module)
    return module
