"""No file, whatever is in it, gives a traceback: a site loads, or every fault is a sentence with file and line."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from karst.site.load import load
from karst.site.problems import SiteError

FILES = (
    "site.yml",
    "spaces.yml",
    "power.yml",
    "cooling.yml",
    "racks.yml",
    "network.yml",
    "clusters.yml",
    "tenants.yml",
    "allocations.yml",
    "assets.csv",
    "hardware/fanjing/s210.yml",
    "hardware/spec/qianling-pdu32.yml",
)
YAML_FILES = tuple(file for file in FILES if file.endswith(".yml"))

# Pieces that mean something to YAML, to short forms or to the models.
PIECES = [
    *("{", "}", "[", "]", ":", ",", "#", "&", "*", "!", "|", ">", "'", '"', "%", "@", "`", "---", "...", "~"),
    *("$1", "$9", "$1*2", "[1-9]", "[9-1]", "[a,b]", "[1-999999999]", "h1"),
    *("\t", "\x00", "é", "\N{MATHEMATICAL DOUBLE-STRUCK DIGIT ONE}", "-1", "1e9", ".nan"),
]

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
many = settings(few, max_examples=500)


def loads_or_says_why(site: Path) -> None:
    # Some of what YAML takes for the end of a line only text knows.
    lines = {
        path.relative_to(site).as_posix(): len(path.read_bytes().decode(errors="replace").splitlines())
        for path in site.rglob("*.*")
    }
    try:
        load(site, site / "hardware")
        return
    except SiteError as error:
        problems = error.problems
    assert problems
    for problem in problems:
        assert 1 <= problem.line <= max(1, lines.get(problem.file, 1)), problem
        assert problem.what
        assert "\n" not in str(problem), problem


def with_file(site: Path, file: str, data: bytes) -> None:
    before = (site / file).read_bytes()
    (site / file).write_bytes(data)
    try:
        loads_or_says_why(site)
    finally:
        (site / file).write_bytes(before)


def mutated(text: str, seed: int) -> str:
    """Return the text with a few lines or pieces moved, doubled, cut, replaced or put in."""
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        lines = text.splitlines(keepends=True) or [""]
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        how = chance.randrange(6)
        if how == 0:
            lines[at] = ""
        elif how == 1:
            lines.insert(at, lines[other])
        elif how == 2:
            lines[at], lines[other] = lines[other], lines[at]
        elif how == 3:
            lines[at] = " " * chance.randint(0, 8) + lines[at].lstrip()
        else:
            line = lines[at]
            start = chance.randint(0, len(line))
            end = min(len(line), start + chance.choice((0, 0, 1, 3)))
            lines[at] = line[:start] + chance.choice(PIECES) + line[end:]
        text = "".join(lines)
    return text


def replaced(data: Any, seed: int) -> Any:
    """Return the data with one value, wherever it is, replaced by something else."""
    chance = random.Random(seed)
    places: list[tuple[Any, Any]] = []
    ahead = [data]
    while ahead:
        each = ahead.pop()
        keys = list(each) if isinstance(each, dict) else list(range(len(each))) if isinstance(each, list) else []
        places += [(each, key) for key in keys]
        ahead += [each[key] for key in keys]
    for _ in range(chance.randint(1, 3)):
        parent, key = chance.choice(places)
        odd = (None, [], {}, "", " ", "h1", "A", 0, -1, 10**17, 1.5, True, [[]], ["h1"], {"a": 1}, "$1", "10.0.0.0/8")
        if isinstance(parent, dict) and chance.random() < 0.2:
            parent[chance.choice(("", "h1", "schema", "assumed", "x" * 80, "[1-3]", "main-a"))] = chance.choice(odd)
        else:
            parent[key] = chance.choice(odd)
    return data


def check_random_bytes(site_dir: Path, file: str, data: bytes) -> None:
    with_file(site_dir, file, data)


def check_mutated(site_dir: Path, file: str, seed: int) -> None:
    with_file(site_dir, file, mutated((site_dir / file).read_text(), seed).encode())


def check_replaced(site_dir: Path, file: str, seed: int) -> None:
    data = replaced(yaml.safe_load((site_dir / file).read_text()), seed)
    with_file(site_dir, file, yaml.safe_dump(data, allow_unicode=True).encode())


seeds = st.integers(0, 2**32)


@few
@given(file=st.sampled_from(FILES), data=st.binary(max_size=200))
def test_random_bytes(site_dir: Path, file: str, data: bytes) -> None:
    check_random_bytes(site_dir, file, data)


@few
@given(file=st.sampled_from(FILES), seed=seeds)
def test_mutated_files(site_dir: Path, file: str, seed: int) -> None:
    check_mutated(site_dir, file, seed)


@few
@given(file=st.sampled_from(YAML_FILES), seed=seeds)
def test_replaced_values(site_dir: Path, file: str, seed: int) -> None:
    check_replaced(site_dir, file, seed)


@pytest.mark.slow
@pytest.mark.xdist_group("fuzz")
@many
@given(file=st.sampled_from(FILES), seed=seeds)
def test_many_mutated_files(site_dir: Path, file: str, seed: int) -> None:
    check_mutated(site_dir, file, seed)


@pytest.mark.slow
@pytest.mark.xdist_group("fuzz")
@many
@given(file=st.sampled_from(YAML_FILES), seed=seeds)
def test_many_replaced_values(site_dir: Path, file: str, seed: int) -> None:
    check_replaced(site_dir, file, seed)
