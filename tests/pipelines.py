"""The pipelines in docs/ci, as the commands of each job."""

from __future__ import annotations

from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[1] / "docs" / "ci"
# What makes a runner ready, in each one's own way.
_SET_UP = ("make tools", "export PATH", '(echo "$PWD')


def gitlab() -> dict[str, list[str]]:
    """Return the commands of GitLab's jobs."""
    document = yaml.safe_load((FOLDER / "gitlab.yml").read_text())
    return {name: job["script"] for name, job in document.items() if isinstance(job, dict) and "script" in job}


def github() -> dict[str, list[str]]:
    """Return the commands of GitHub's jobs, without those that make the runner ready."""
    jobs = yaml.safe_load((FOLDER / "github.yml").read_text())["jobs"]
    return {name: [step["run"] for step in job["steps"] if not _sets_up(step)] for name, job in jobs.items()}


def _sets_up(step: dict[str, str]) -> bool:
    return "run" not in step or step["run"].startswith(_SET_UP)
