"""docs/site.md cannot rot: its tables name every key of the models and no other, and say rightly which are optional."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from karst.site.allocations import AllocationsFile
from karst.site.base import Component, Hold, Status
from karst.site.clusters import ClustersFile
from karst.site.cooling import CoolingFile
from karst.site.deliveries import HEADER
from karst.site.expand import expand
from karst.site.hardware import DeviceType, SpecFile
from karst.site.network import NetworkFile
from karst.site.place import PlaceFile
from karst.site.power import PowerFile
from karst.site.problems import Problems
from karst.site.racks import RacksFile
from karst.site.sentences import _bare
from karst.site.spaces import SpacesFile
from karst.site.tenants import TenantsFile
from karst.site.yaml import compose, plain

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "site.md").read_text()

SECTIONS: dict[str, type[BaseModel]] = {
    "## `site.yml`": PlaceFile,
    "## `spaces.yml`": SpacesFile,
    "## `power.yml`": PowerFile,
    "## `cooling.yml`": CoolingFile,
    "## `racks.yml`": RacksFile,
    "## `network.yml`": NetworkFile,
    "## `clusters.yml`": ClustersFile,
    "## `tenants.yml`": TenantsFile,
    "## `allocations.yml`": AllocationsFile,
    "### Device types": DeviceType,
    "### Specs": SpecFile,
}


def section(heading: str) -> str:
    start = PAGE.index(f"\n{heading}") + 1
    following = re.compile(r"^##+ ", re.MULTILINE).search(PAGE, start + len(heading))
    return PAGE[start : following.start() if following else None]


def rows(text: str) -> list[list[str]]:
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [row for row in found[2:] if len(row) == 3]


def keys(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, bool, object]]:
    """Yield each key by its dotted path, whether it may be left out, and its type."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        common = key in ("schema", "assumed") or (issubclass(model, Component) and key in ("status", "hold"))
        if common or model is Hold:
            continue
        path, kind = f"{above}{key}", _bare(field.annotation)
        while get_origin(kind) in (dict, tuple):
            path += ".*" if get_origin(kind) is dict else ""
            kind = _bare(get_args(kind)[1] if get_origin(kind) is dict else get_args(kind)[0])
        yield path, not field.is_required(), kind
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{path}.")


def documented(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each documented key by its dotted path, with its row; `.x` belongs to the last key written in full."""
    above: list[str] = []
    for row in rows(text):
        written = re.findall(r"`([^`]+)`", row[0])
        if not written[0].startswith("."):
            above = written
        for key in written:
            yield from ((f"{each}{key}", row) for each in above) if key.startswith(".") else [(key, row)]


@pytest.mark.parametrize("heading", SECTIONS)
def test_tables_have_every_key_and_no_other(heading: str) -> None:
    told = [path for path, _ in documented(section(heading))]
    assert sorted(told) == sorted(path for path, _, _ in keys(SECTIONS[heading]))


@pytest.mark.parametrize("heading", SECTIONS)
def test_tables_say_what_may_be_left_out(heading: str) -> None:
    optional = {path: may for path, may, _ in keys(SECTIONS[heading])}
    said = {path: bool(re.search("optional|default", row[2])) for path, row in documented(section(heading))}
    assert said == optional


@pytest.mark.parametrize("heading", SECTIONS)
def test_tables_have_every_word_that_may_stand_there(heading: str) -> None:
    told = set(re.findall(r"`([^`]+)`", section(heading)))
    for path, _, kind in keys(SECTIONS[heading]):
        if isinstance(kind, type) and issubclass(kind, Enum) and kind is not Status:
            assert {word.value for word in kind} <= told, path


def test_status_hold_and_assets_are_told() -> None:
    common = section("### Status and hold")
    assert [row[0] for row in rows(common)] == [f"`{status.value}`" for status in Status]
    assert all(f"`{name}`" in common for name in Hold.model_fields)
    assert [row[0] for row in rows(section("## `assets.csv`"))] == [f"`{column}`" for column in HEADER]


def test_every_model_with_a_lifecycle_is_marked() -> None:
    marked = {re.findall(r"`([^`]+)`", cell)[0] for cell in re.findall(r"^\| (`[^|]+ †)", PAGE, re.MULTILINE)}
    with_lifecycle = {
        path if path.count(".") == 1 else f".{path.split('.', 2)[2]}"
        for model in SECTIONS.values()
        for path, _, kind in keys(model)
        if isinstance(kind, type) and issubclass(kind, Component)
    }
    assert marked == with_lifecycle


def test_short_forms_stand_for_what_is_told() -> None:
    table = [line for line in section("### Short forms").splitlines() if line.startswith("| `")]
    assert table
    for line in table:
        written, stands_for = ([*re.findall(r"`([^`]+)`", cell)] for cell in line.strip("|").split("|"))
        assert names(f"names: ['{written[0]}']") == {"names": stands_for}


def test_the_example_of_short_forms_is_sound() -> None:
    example = re.search(r"```yaml\n(.*?)```", section("### Short forms"), re.DOTALL)
    assert example
    said = names(example[1])
    assert said["servers"]["s20"] == {"device_type": "wumeng-c140", "u": 39}
    assert said["rows"]["h2-r5"] == {"hall": "h2", "positions": 10}
    assert said["clusters"]["k1"]["halls"] == ["h1", "h2", "h3", "h4", "h5"]


def names(text: str) -> dict[str, Any]:
    problems = Problems()
    root = compose(text.encode(), "example.yml", problems)
    expanded = expand(root, "example.yml", problems) if root else None
    assert expanded
    assert not problems.all()
    said = plain(expanded)
    assert isinstance(said, dict)
    return said


def test_the_sentences_shown_are_said() -> None:
    shown = re.findall(r"```\n(.*?)```", section("## When something is wrong"), re.DOTALL)[0].splitlines()
    said = (ROOT / "tests" / "errors" / "faults_in_many_files" / "errors.txt").read_text().splitlines()
    assert shown
    assert set(shown) <= set(said)
