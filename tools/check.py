"""Lint, types, import contracts, YAML and the size budget: all of them, then one verdict."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

# ansible-lint starts ansible-playbook, the one beside it.
ENVIRONMENT = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

# Over the budget means: split by noun. The program is a contents page.
LINES = 300
LINES_OF_PROGRAM = 60

COMMANDS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "karst", "stacks", "__main__.py"),
    ("mypy", "tools/build.py", "tools/image.py", "tools/venv.py", "tools/check.py"),
    ("mypy", "library/karst_files.py"),
    ("mypy", "roles/monitoring/files/karst_hardware.py"),
    ("mypy", "module_utils/karst_files.py", "module_utils/karst_units.py"),
    # Ansible finds its plugins by folder, so they are no packages; what they build upon has no types.
    (
        "mypy",
        "--explicit-package-bases",
        "--allow-subclassing-any",
        "filter_plugins",
        "inventory_plugins",
        "lookup_plugins",
    ),
    ("lint-imports",),
    ("yamllint", "--strict", "sites", "hardware", "Pulumi.yaml", "tools", "inventories", "playbooks", "roles"),
    ("yamllint", "--strict", ".ansible-lint", ".config", "docs/ci"),
    ("ansible-lint", "--nocolor", "-q", "inventories", "playbooks", "roles", ".config/molecule"),
)


def too_long() -> list[str]:
    """A sentence for every Python file over the budget."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    sentences = []
    for name in listed.stdout.split():
        budget = LINES_OF_PROGRAM if name == "__main__.py" else LINES
        if (ROOT / name).exists() and (lines := len((ROOT / name).read_text().splitlines())) > budget:
            sentences.append(f"{name} has {lines} lines; the budget is {budget}: split it by noun")
    return sentences


def main() -> int:
    """Exit code 0 when everything is clean, 1 otherwise."""
    failed = []
    for command in COMMANDS:
        sys.stderr.write(f"check: {' '.join(command)}\n")
        if subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, env=ENVIRONMENT, check=False).returncode:  # noqa: S603
            failed.append(command[0])
    for sentence in too_long():
        sys.stderr.write(f"{sentence}\n")
        failed.append("size")
    sys.stderr.write(f"check: {'failed: ' + ', '.join(dict.fromkeys(failed)) if failed else 'all clean'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
